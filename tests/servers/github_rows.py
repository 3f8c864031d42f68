"""The JSON of the fake GitHub: what its answers say of an organisation. test_fakes.py holds it to GitHub's description."""

import base64
import re
from typing import Any
from urllib.parse import quote

from github_access import ROLES, App, Installation
from organisation import Environment, Organisation, Registry, Repository, Stored

Json = Any

REPOSITORY_ADDRESSES = """archive_url /{archive_format}{/ref}|assignees_url /assignees{/user}|blobs_url /git/blobs{/sha}|
branches_url /branches{/branch}|collaborators_url /collaborators{/collaborator}|comments_url /comments{/number}|
commits_url /commits{/sha}|compare_url /compare/{base}...{head}|contents_url /contents/{+path}|contributors_url /contributors|
deployments_url /deployments|downloads_url /downloads|events_url /events|forks_url /forks|git_commits_url /git/commits{/sha}|
git_refs_url /git/refs{/sha}|git_tags_url /git/tags{/sha}|issue_comment_url /issues/comments{/number}|
issue_events_url /issues/events{/number}|issues_url /issues{/number}|keys_url /keys{/key_id}|labels_url /labels{/name}|
languages_url /languages|merges_url /merges|milestones_url /milestones{/number}|
notifications_url /notifications{?since,all,participating}|pulls_url /pulls{/number}|releases_url /releases{/id}|
stargazers_url /stargazers|statuses_url /statuses/{sha}|subscribers_url /subscribers|subscription_url /subscription|tags_url /tags|
teams_url /teams|trees_url /git/trees{/sha}|hooks_url /hooks"""
USER_ADDRESSES = """followers_url /followers|following_url /following{/other_user}|gists_url /gists{/gist_id}|
starred_url /starred{/owner}{/repo}|subscriptions_url /subscriptions|organizations_url /orgs|repos_url /repos|
events_url /events{/privacy}|received_events_url /received_events"""


def addresses(table: str, base: str) -> dict[str, str]:
    return {name: base + path for name, path in re.findall(r"(\w+) (\S+?)(?:\||$)", table.replace("\n", ""))}


def node_id(kind: str, number: int) -> str:
    return base64.b64encode(f"{len(kind):03}:{kind}{number}".encode()).decode()


class Rows:
    """`base` is the API's address without a slash at its end, `site` the one of the pages for people."""

    def __init__(self, organisation: Organisation, base: str, site: str) -> None:
        self.organisation = organisation
        self.base = base
        self.site = site

    def account(self, login: str, number: int, kind: str) -> Json:
        base = f"{self.base}/users/{login}"
        return {"login": login, "id": number, "node_id": node_id(kind, number), "avatar_url": f"{self.site}/avatars/{number}",
                "gravatar_id": "", "url": base, "html_url": f"{self.site}/{login}", **addresses(USER_ADDRESSES, base),
                "type": kind, "site_admin": False}

    def owner(self) -> Json:
        return self.account(self.organisation.login, self.organisation.id, "Organization")

    def user(self, login: str) -> Json:
        return self.account(login, 77, "User") | {
            "name": "Ann", "company": None, "blog": "", "location": None, "email": None, "hireable": None, "bio": None,
            "public_repos": 0, "public_gists": 0, "followers": 0, "following": 0, "created_at": "2015-01-01T00:00:00Z",
            "updated_at": "2025-01-01T00:00:00Z", "user_view_type": "public"}

    def organisation_simple(self) -> Json:
        base, org = f"{self.base}/orgs/{self.organisation.login}", self.organisation
        return {"login": org.login, "id": org.id, "node_id": node_id("Organization", org.id), "url": base, "repos_url": f"{base}/repos",
                "events_url": f"{base}/events", "hooks_url": f"{base}/hooks", "issues_url": f"{base}/issues",
                "members_url": f"{base}/members{{/member}}", "public_members_url": f"{base}/public_members{{/member}}",
                "avatar_url": f"{self.site}/avatars/{org.id}", "description": None}

    def organisation_full(self) -> Json:
        public = sum(one.visibility == "public" for one in self.organisation.repositories)
        return self.organisation_simple() | {
            "name": self.organisation.login.title(), "has_organization_projects": True, "has_repository_projects": True,
            "public_repos": public, "public_gists": 0, "followers": 0, "following": 0,
            "html_url": f"{self.site}/{self.organisation.login}", "created_at": "2015-01-01T00:00:00Z",
            "updated_at": "2025-01-01T00:00:00Z", "archived_at": None, "type": "Organization"}

    def full_name(self, one: Repository) -> str:
        return f"{self.organisation.login}/{one.name}"

    def repository(self, one: Repository, with_permissions: bool) -> Json:
        name = self.full_name(one)
        base, page = f"{self.base}/repos/{name}", f"{self.site}/{name}"
        row = {"id": one.id, "node_id": node_id("Repository", one.id), "name": one.name, "full_name": name, "owner": self.owner(),
               "private": one.visibility != "public", "html_url": page, "description": None, "fork": one.fork, "url": base,
               **addresses(REPOSITORY_ADDRESSES, base), "git_url": f"git://{page.partition('://')[2]}.git",
               "ssh_url": f"git@{page.partition('://')[2]}.git", "clone_url": f"{page}.git", "svn_url": page, "mirror_url": None,
               "homepage": None, "language": "TypeScript", "forks_count": 0, "stargazers_count": 3, "watchers_count": 3, "size": 108,
               "default_branch": "main", "open_issues_count": 1, "is_template": False, "topics": ["npm"], "has_issues": True,
               "has_projects": True, "has_wiki": True, "has_pages": False, "has_downloads": True, "has_discussions": False,
               "archived": one.archived, "disabled": one.disabled, "visibility": one.visibility, "pushed_at": one.pushed_at,
               "created_at": one.created_at, "updated_at": one.updated_at, "license": None, "forks": 0, "open_issues": 1, "watchers": 3,
               "allow_forking": True, "web_commit_signoff_required": False}
        if with_permissions:  # user tokens see their own role, installations do not
            names = dict(zip(["pull", "triage", "push", "maintain", "admin"], ROLES))
            row["permissions"] = {name: ROLES.index(role) <= ROLES.index(one.permission) for name, role in names.items()}
        return row

    def full_repository(self, one: Repository, with_permissions: bool) -> Json:
        return self.repository(one, with_permissions) | {"network_count": 0, "subscribers_count": 3, "organization": self.owner(),
                                                         "temp_clone_token": None,
                                                         "pushed_at": one.pushed_at or one.created_at}  # never null here

    def environment(self, one: Environment, repository: Repository) -> Json:
        rules: list[Json] = []
        if one.wait_minutes:
            rules.append({"id": one.id * 10, "node_id": node_id("Gate", one.id * 10), "type": "wait_timer",
                          "wait_timer": one.wait_minutes})
        if one.reviewers:
            rules.append({"id": one.id * 10 + 1, "node_id": node_id("Gate", one.id * 10 + 1), "type": "required_reviewers",
                          "prevent_self_review": one.prevent_self_review, "reviewers": [
                              {"type": "User", "reviewer": self.account(f"reviewer-{number}", 500 + number, "User")}
                              for number in range(one.reviewers)]})
        if one.branches:
            rules.append({"id": one.id * 10 + 2, "node_id": node_id("Gate", one.id * 10 + 2), "type": "branch_policy"})
        name, encoded = self.full_name(repository), quote(one.name, safe="")
        policy = {"protected_branches": one.branches == "protected", "custom_branch_policies": one.branches == "custom"}
        return {"id": one.id, "node_id": node_id("Environment", one.id), "name": one.name,
                "url": f"{self.base}/repos/{name}/environments/{encoded}",
                "html_url": f"{self.site}/{name}/deployments/activity_log?environments_filter={encoded}", "created_at": one.created_at,
                "updated_at": one.updated_at, "protection_rules": rules, "deployment_branch_policy": policy if one.branches else None}

    def stored(self, one: Stored, selected_address: str | None = None) -> Json:
        """`selected_address`: of the list of a secret's repositories, where it belongs to an organisation or a user."""
        row: Json = {"name": one.name, "created_at": one.created_at, "updated_at": one.updated_at}
        if one.value is not None:
            row["value"] = one.value
        if selected_address:
            row["visibility"] = one.visibility
            if one.visibility == "selected":
                row["selected_repositories_url"] = selected_address
        return row

    def registry(self, one: Registry) -> Json:
        row = {"name": one.name, "registry_type": one.registry_type, "auth_type": one.auth_type, "url": one.url,
               "username": one.username, "replaces_base": one.replaces_base, "visibility": one.visibility,
               "created_at": one.created_at, "updated_at": one.updated_at}
        return row | ({"tenant_id": "tenant", "client_id": "client"} if one.auth_type == "oidc_azure" else {})

    def app(self, app: App) -> Json:
        return {"id": app.id, "slug": app.slug, "node_id": node_id("App", app.id), "client_id": app.client_id, "owner": self.owner(),
                "name": "Inventory App", "description": None, "external_url": f"{self.site}/inventory",
                "html_url": f"{self.site}/apps/{app.slug}", "created_at": "2020-01-01T00:00:00Z", "updated_at": "2024-01-01T00:00:00Z",
                "permissions": {}, "events": [], "installations_count": len(app.installations)}

    def installation(self, app: App, one: Installation) -> Json:
        by = self.account("ann", 77, "User")
        return {"id": one.id, "account": self.owner(), "repository_selection": "all" if one.repositories is None else "selected",
                "access_tokens_url": f"{self.base}/app/installations/{one.id}/access_tokens",
                "repositories_url": f"{self.base}/installation/repositories",
                "html_url": f"{self.site}/organizations/{self.organisation.login}/settings/installations/{one.id}", "app_id": app.id,
                "app_slug": app.slug, "target_id": self.organisation.id, "target_type": "Organization", "permissions": one.permissions,
                "events": [], "created_at": "2021-01-01T00:00:00.000Z", "updated_at": "2022-01-01T00:00:00.000Z",
                "single_file_name": None, "has_multiple_single_files": False, "single_file_paths": [],
                "suspended_at": "2025-01-01T00:00:00Z" if one.suspended else None, "suspended_by": by if one.suspended else None}
