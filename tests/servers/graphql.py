"""As much of GraphQL as GitHub's clients here need: queries with variables, aliases and fragments, run against GitHub's own types.

`Executor` refuses fields and arguments that GitHub's schema does not have (github_schema.json.gz), adds up the cost by GitHub's rule,
and resolves the rest with the objects that it is given: an `Object` has its type's name and its fields, as values or as functions of
the arguments.
"""

import base64
import re
from dataclasses import dataclass, field
from typing import Any, Callable

Json = Any

TOKEN = re.compile(r'\s*(?:#[^\n]*\s*|,\s*)*(\.\.\.|[A-Za-z_]\w*|"(?:[^"\\]|\\.)*"|-?\d+|[{}()\[\]:!=$@|])')
MOST_PER_PAGE = 100
MOST_NODES = 500_000


class GraphqlError(Exception):
    """An error that ends the query, in GitHub's form."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Refused(Exception):
    """Raised by a field that the credential may not read, or in place of an item of a list: it becomes null, and an error beside the
    data."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class NullInItsPlace(Exception):
    """A field that must not be null is: the object around it is null instead."""


@dataclass
class Object:
    type: str
    fields: dict[str, Json]


@dataclass
class Selection:
    """A field; or, with `on`, a fragment for one type."""
    name: str
    key: str = ""
    arguments: dict[str, Json] = field(default_factory=dict)
    inner: list["Selection"] = field(default_factory=list)
    on: str | None = None


@dataclass
class Variable:
    name: str


class Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[str] = []
        position = 0
        while match := TOKEN.match(text, position):
            self.tokens.append(match[1])
            position = match.end()
        if re.sub(r"#[^\n]*|,", "", text[position:]).strip():
            raise GraphqlError("PARSE", f"Parse error on {text[position:position + 10]!r}")
        self.at = 0
        self.fragments: dict[str, Selection] = {}
        self.required: set[str] = set()
        self.defaults: dict[str, Json] = {}

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, wanted: str | None = None) -> str:
        token = self.peek()
        if not token or (wanted and token != wanted):
            raise GraphqlError("PARSE", f"Parse error: expected {wanted or 'more'}, found {token or 'the end'}")
        self.at += 1
        return token

    def document(self) -> list[Selection]:
        operation: list[Selection] | None = None
        while self.peek():
            if self.peek() == "fragment":
                self.take()
                name = self.take()
                self.take("on")
                self.fragments[name] = Selection("", on=self.take(), inner=self.selections())
                continue
            if self.peek() != "{":
                if self.take() != "query":
                    raise GraphqlError("PARSE", "Only queries are served")
                if self.peek() not in ("(", "{"):
                    self.take()
                if self.peek() == "(":
                    self.variables()
            operation = self.selections()
        if operation is None:
            raise GraphqlError("PARSE", "A query attribute must be specified and must be a string.")
        return operation

    def variables(self) -> None:
        self.take("(")
        while self.peek() != ")":
            self.take("$")
            name = self.take()
            self.take(":")
            while self.peek() not in ("$", ")", "="):
                if self.take() == "!" and self.peek() in ("$", ")"):
                    self.required.add(name)
            if self.peek() == "=":
                self.take()
                self.defaults[name] = self.value()
        self.take(")")

    def selections(self) -> list[Selection]:
        self.take("{")
        made = []
        while self.peek() != "}":
            if self.peek() == "...":
                self.take()
                if self.peek() == "on":
                    self.take()
                    made.append(Selection("", on=self.take(), inner=self.selections()))
                else:
                    made.append(Selection("...", key=self.take()))
                continue
            key = name = self.take()
            if self.peek() == ":":
                self.take()
                name = self.take()
            one = Selection(name, key)
            if self.peek() == "(":
                one.arguments = self.arguments(")")
            if self.peek() == "{":
                one.inner = self.selections()
            made.append(one)
        self.take("}")
        return made

    def arguments(self, end: str) -> dict[str, Json]:
        self.take()
        read = {}
        while self.peek() != end:
            name = self.take()
            self.take(":")
            read[name] = self.value()
        self.take(end)
        return read

    def value(self) -> Json:
        token = self.peek()
        if token == "{":
            return self.arguments("}")
        token = self.take()
        if token == "[":
            items = []
            while self.peek() != "]":
                items.append(self.value())
            self.take("]")
            return items
        if token == "$":
            return Variable(self.take())
        if token.startswith('"'):
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        if re.fullmatch(r"-?\d+", token):
            return int(token)
        return {"true": True, "false": False, "null": None}.get(token, token)


def connection(kind: str, items: list[Any], make: Callable[[Any], Object], arguments: dict[str, Json]) -> Object:
    """A page of objects, made of the items in it. The cursor is the position behind an item."""
    start = 0
    if arguments.get("after") is not None:
        try:
            start = int(base64.b64decode(arguments["after"], validate=True).decode().removeprefix("cursor:"))
        except ValueError:
            raise GraphqlError("INVALID_CURSOR_ARGUMENTS", f"`{arguments['after']}` does not appear to be a valid cursor.") from None
    end = min(len(items), start + arguments["first"])

    def cursor(position: int) -> str:
        return base64.b64encode(f"cursor:{position}".encode()).decode()

    page = Object("PageInfo", {"hasNextPage": end < len(items), "hasPreviousPage": start > 0,
                               "startCursor": cursor(start + 1) if start < end else None,
                               "endCursor": cursor(end) if start < end else None})
    return Object(kind, {"nodes": [make(item) for item in items[start:end]], "pageInfo": page, "totalCount": len(items)})


class Executor:
    """One query. After `run`, `cost` is its points and `errors` what goes beside the data."""

    def __init__(self, types: dict[str, Json], text: str, variables: dict[str, Json]) -> None:
        self.types = types
        parser = Parser(text)
        self.operation = parser.document()
        self.fragments = parser.fragments
        self.variables = {**parser.defaults, **variables}
        if missing := parser.required - {name for name, value in self.variables.items() if value is not None}:
            raise GraphqlError("INVALID", f"Variable ${min(missing)} of type was provided invalid value")
        self.errors: list[Json] = []
        self.instances = self.nodes = 0
        self.weigh(self.operation, "Query", 1)
        if self.nodes > MOST_NODES:
            raise GraphqlError("MAX_NODE_LIMIT_EXCEEDED", f"This query requests up to {self.nodes:,} possible nodes which exceeds the "
                                                          f"maximum limit of {MOST_NODES:,}.")
        self.cost = max(1, round(self.instances / 100))

    def filled(self, value: Json) -> Json:
        """With the variables' values."""
        if isinstance(value, Variable):
            return self.variables.get(value.name)
        if isinstance(value, dict):
            return {key: self.filled(inner) for key, inner in value.items()}
        return [self.filled(inner) for inner in value] if isinstance(value, list) else value

    def weigh(self, selections: list[Selection], kind: str, times: int) -> None:
        """Checks names, and counts the connections and nodes that the query may ask for."""
        for one in selections:
            if one.name == "...":
                one.on, one.inner = self.fragments[one.key].on, self.fragments[one.key].inner
            if one.on:
                self.weigh(one.inner, one.on, times)
                continue
            if one.name == "__typename":
                continue
            known = self.types.get(kind, {}).get("fields", {}).get(one.name)
            if known is None:
                raise GraphqlError("undefinedField", f"Field '{one.name}' doesn't exist on type '{kind}'")
            one.arguments = self.filled(one.arguments)
            for name, value in one.arguments.items():
                self.check_argument(f"Field '{one.name}'", known["arguments"], name, value)
            inner = known["type"].strip("[]!")
            # Of a type that is not in the cut, only its use can tell.
            is_object = "fields" in self.types[inner] if inner in self.types else bool(one.inner)
            if bool(one.inner) != is_object:
                raise GraphqlError("selectionMismatch", f"Field '{one.name}' of '{inner}' must {'' if is_object else 'not '}have a "
                                                        "selection of subfields")
            more = times
            if inner.endswith("Connection"):
                first = one.arguments.get("first")
                if first is None:
                    raise GraphqlError("MISSING_PAGINATION_BOUNDARIES", f"You must provide a `first` or `last` value to properly "
                                                                        f"paginate the `{one.name}` connection.")
                if not 1 <= first <= MOST_PER_PAGE:
                    raise GraphqlError("EXCESSIVE_PAGINATION", f"Requesting {first} records on the `{one.name}` connection exceeds the "
                                                               f"`first` limit of {MOST_PER_PAGE} records.")
                self.instances += times
                more = times * first
                self.nodes += more
            self.weigh(one.inner, inner, more)

    def check_argument(self, where: str, known: dict[str, str], name: str, value: Json) -> None:
        if name not in known:
            raise GraphqlError("argumentNotAccepted", f"{where} doesn't accept argument '{name}'")
        described = self.types.get(known[name].strip("[]!"), {})
        if isinstance(value, dict) and "fields" in described:
            for key, inner in value.items():
                self.check_argument(f"InputObject '{known[name]}'", {key: one["type"] for key, one in described["fields"].items()},
                                    key, inner)
        if "values" in described and value is not None and value not in described["values"]:
            raise GraphqlError("argumentLiteralsIncompatible", f"Argument '{name}' on {where} has an invalid value ({value})")

    def run(self, root: Object) -> Json:
        return self.object(root, self.operation, [])

    def object(self, value: Object, selections: list[Selection], path: list[Json]) -> Json:
        answered: dict[str, Json] = {}
        for one in selections:
            if one.on:
                if one.on == value.type or one.on in self.types[value.type].get("implements", []):
                    answered |= self.object(value, one.inner, path)
            elif one.name == "__typename":
                answered[one.key] = value.type
            else:
                answered[one.key] = self.field(value, one, [*path, one.key])
        return answered

    def field(self, value: Object, one: Selection, path: list[Json]) -> Json:
        if one.name not in value.fields:
            raise GraphqlError("INTERNAL", f"The fake does not serve {value.type}.{one.name}")
        kind = self.types[value.type]["fields"][one.name]["type"]
        found = value.fields[one.name]
        try:
            found = found(one.arguments) if callable(found) else found
        except Refused as error:
            self.errors.append({"type": error.kind, "path": path, "message": str(error)})
            found = None
        try:
            result = self.completed(found, one, path)
        except NullInItsPlace:
            result = None
        if result is None and kind.endswith("!"):
            raise NullInItsPlace
        return result

    def completed(self, found: Json, one: Selection, path: list[Json]) -> Json:
        if isinstance(found, Object):
            return self.object(found, one.inner, path)
        if not isinstance(found, list):
            return found
        results = []
        for number, item in enumerate(found):
            if isinstance(item, Refused):
                self.errors.append({"type": item.kind, "path": [*path, number], "message": str(item)})
                results.append(None)
                continue
            try:
                results.append(self.completed(item, one, [*path, number]))
            except NullInItsPlace:
                results.append(None)
        return results


