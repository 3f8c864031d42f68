VERSION = 0
def plant(home, truth, seed): pass
def measure(home):
    import build_home
    return build_home.measure(home)
