
nextexpired0š