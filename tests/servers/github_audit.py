"""The audit log of a fake GitHub's organisation, and changes of the organisation that are written into it.

    server.changes.set_secret(repository, "NPM_TOKEN")      # the organisation changes, and the log has an event of it

The log is what GitHub documents of Enterprise Cloud's: pages by cursor in Link headers, oldest or newest first, a phrase with
`created:>=DAY`, `action:CATEGORY` and `-action:CATEGORY`, a limit of its own. Which events there are, and what they are called,
is GitHub's list of events for organisations; an environment that is made is none of them.
"""

import base64
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Callable

from organisation import Environment, Organisation, Repository, Stored

if TYPE_CHECKING:
    from github_server import GitHub

Json = Any


@dataclass
class Event:
    recorded: float  # seconds since 1970, as everywhere here
    shown: float  # when the log has it: later than it was
    fields: dict[str, Json]


class AuditLog:
    """`denied`: the status that refuses it (404: no Enterprise Cloud; 403). `delay`: seconds until the log shows an event."""

    def __init__(self, organisation: Organisation, clock: Callable[[], float]) -> None:
        self.organisation, self.clock = organisation, clock
        self.denied: int | None = None
        self.delay = 0.0
        self.events: list[Event] = []

    def write(self, action: str, repository: Repository | None = None, **fields: Json) -> None:
        """An event of now. Fields that a kind of event has beside the common ones are given."""
        now, org = self.clock(), self.organisation
        common: dict[str, Json] = {"@timestamp": int(now * 1000), "created_at": int(now * 1000), "action": action, "actor": "ann",
                                   "actor_id": 77, "org": org.login, "org_id": org.id, "_document_id": f"event-{len(self.events)}",
                                   "operation_type": "modify"}
        if repository:
            common |= {"repo": f"{org.login}/{repository.name}", "repo_id": repository.id, "visibility": repository.visibility}
        self.events.append(Event(now, now + self.delay, common | fields))

    def asked_for(self, phrase: str) -> list[Event]:
        """What fits the phrase; without a day, three months."""
        now = self.clock()
        since = now - 90 * 86_400
        if day := re.search(r"created:>=(\d{4}-\d{2}-\d{2})", phrase):
            since = datetime.strptime(day[1], "%Y-%m-%d").replace(tzinfo=timezone.utc).timestamp()
        since = max(since, now - 180 * 86_400)
        without = set(re.findall(r"(?:^| )-action:([\w.]+)", phrase))
        only = set(re.findall(r"(?:^| )action:([\w.]+)", phrase))

        def fits(event: Event) -> bool:
            action = event.fields["action"]
            names = {action, action.partition(".")[0]}
            return since <= event.recorded and event.shown <= now and not names & without and (not only or bool(names & only))

        return sorted(filter(fits, self.events), key=lambda event: event.recorded)

    def page(self, query: dict[str, str], address: str) -> tuple[Json, str]:
        """A page, and its Link header."""
        found = self.asked_for(query.get("phrase", ""))
        if query.get("order", "desc") == "desc":
            found.reverse()
        asked = query.get("per_page", "")
        size = min(int(asked), 100) if asked.isdigit() and int(asked) > 0 else 30
        after = base64.b64decode(query.get("after", "")).decode()
        names = [event.fields["_document_id"] for event in found]
        start = names.index(after) + 1 if after in names else 0
        shown = [event.fields for event in found[start:start + size]]
        if start + size >= len(found):
            return shown, ""
        cursor = base64.b64encode(shown[-1]["_document_id"].encode()).decode().replace("=", "%3D")
        return shown, f'<{address}?per_page={size}&after={cursor}&before=>; rel="next"'


class Changes:
    """Changes of a server's organisation, each with its event."""

    def __init__(self, server: "GitHub") -> None:
        self.server, self.organisation, self.log = server, server.organisation, server.audit

    def wrote(self, action: str, repository: Repository | None = None, **fields: Json) -> None:
        self.log.write(action, repository, **fields)
        self.server.changed()

    def today(self) -> str:
        return datetime.fromtimestamp(self.server.clock(), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    def stored(self, store: str, repository: Repository | None, environment: Environment | None) -> tuple[list[Stored], str, str]:
        """Where it is kept, and the category and the ending of its events."""
        if environment:
            return environment.secrets, "environment", "actions_secret"
        if repository:
            return repository.secrets[store], "repo", "actions_secret" if store == "actions" else "integration_secret"
        return self.organisation.secrets[store], "org", "actions_secret" if store == "actions" else "integration_secret"

    def set_secret(self, repository: Repository | None, name: str, store: str = "actions", environment: Environment | None = None) -> None:
        """Makes it, or writes its value anew."""
        kept, category, ending = self.stored(store, repository, environment)
        found = next((one for one in kept if one.name == name), None)
        if found:
            found.updated_at = self.today()
        else:
            kept.append(Stored(name, self.today(), self.today(), visibility=None if repository else "all"))
            kept.sort(key=lambda one: one.name)
        self.wrote(f"{category}.{'update' if found else 'create'}_{ending}", repository, key=name)

    def remove_secret(self, repository: Repository | None, name: str, store: str = "actions",
                      environment: Environment | None = None) -> None:
        kept, category, ending = self.stored(store, repository, environment)
        kept[:] = [one for one in kept if one.name != name]
        self.wrote(f"{category}.remove_{ending}", repository, key=name)

    def remove_environment(self, repository: Repository, environment: Environment) -> None:
        repository.environments.remove(environment)
        self.wrote("environment.delete", repository, name=environment.name)

    def add_environment(self, repository: Repository, name: str) -> Environment:
        """The log has no event of it."""
        made = Environment(self.organisation.next_id(), name, self.today(), self.today())
        repository.environments.append(made)
        self.server.changed()
        return made

    def create_repository(self, name: str) -> Repository:
        org = self.organisation
        made = Repository(org.next_id(), name, "private", self.today(), self.today(), None, secrets={}, variables={})
        made.secrets = {store: [] for store in org.secrets}
        made.variables = {store: [] for store in org.variables}
        org.add(made)
        self.wrote("repo.create", made)
        return made

    def destroy_repository(self, repository: Repository) -> None:
        self.organisation.remove(repository)
        self.wrote("repo.destroy", repository)

    def rename_repository(self, repository: Repository, name: str) -> None:
        old = repository.name
        self.organisation.rename(repository, name)
        self.wrote("repo.rename", repository, old_name=old)

    def archive_repository(self, repository: Repository) -> None:
        repository.archived = True
        self.wrote("repo.archived", repository)
