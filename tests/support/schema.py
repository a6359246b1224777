"""JSON texts of the library against docs/json: each has all fields of its schema, and no other."""

import json
import re

from tests.support import peers

FOLDER = peers.ROOT / "docs" / "json"
SCHEMAS = {path.name: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.schema.json"))}
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}
# The keywords that are checked below, or do not restrict a value.
KEYWORDS = {
    "$schema", "$id", "$ref", "title", "description", "type", "const", "enum", "anyOf",
    "required", "properties", "items", "pattern", "minimum", "maximum",
}  # fmt: skip


def check(text):
    """The object of a JSON text, which its schema must describe in full."""
    value = json.loads(text, object_pairs_hook=_object)
    name = f"{value['kind']}.schema.json"
    _check(value, SCHEMAS[name], value["kind"])
    if validator := _validator(name):
        validator.validate(value)
    return value


def _object(pairs):
    value = dict(pairs)
    assert len(value) == len(pairs), f"a name is there twice: {pairs}"
    return value


def _check(value, schema, path):
    assert set(schema) <= KEYWORDS, f"{path}: {set(schema) - KEYWORDS} is not checked here"
    if "$ref" in schema:
        schema = SCHEMAS[schema["$ref"]]
    if "anyOf" in schema:
        other, nothing = schema["anyOf"]
        assert nothing == {"type": "null"}, f"{path}: {nothing} is not checked here"
        if value is not None:
            _check(value, other, path)
        return
    if "const" in schema:
        assert value == schema["const"], f"{path}: {value!r}"
    if "enum" in schema:
        assert value in schema["enum"], f"{path}: {value!r}"
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        assert type(value) in [TYPES[name] for name in names], f"{path}: {value!r} is not {names}"
    if isinstance(value, str) and "pattern" in schema:
        assert re.search(schema["pattern"], value), f"{path}: {value!r}"
    if isinstance(value, int) and not isinstance(value, bool):
        assert schema.get("minimum", value) <= value <= schema.get("maximum", value), f"{path}: {value}"
    if isinstance(value, list):
        for item in value:
            _check(item, schema["items"], path)
    if isinstance(value, dict):
        assert list(value) == list(schema["properties"]) == schema["required"], f"{path}: {list(value)}"
        for name, inner in schema["properties"].items():
            _check(value[name], inner, f"{path}.{name}")


def _validator(name):
    """That of jsonschema, where it is installed: a second opinion."""
    try:
        import jsonschema
        import referencing
    except ImportError:
        return None
    resources = [(file, referencing.Resource.from_contents(schema)) for file, schema in SCHEMAS.items()]
    registry = referencing.Registry().with_resources(resources)
    return jsonschema.Draft202012Validator(SCHEMAS[name], registry=registry)


def result(text):
    """The command's output with --json, in one level: its own fields; of a receipt or report the status too; an
    error with the fields of its receipt, which are None if it has none."""
    added = json.loads(text)
    value = check(json.dumps(added.pop("result")) if "result" in added else text)
    if value["kind"] == "receipt":
        value.update(status=0, status_name="SECSMTP_OK", text=value["server_text"])
    elif value["kind"] == "report":
        value.update(status=value["verdict"], status_name=value["verdict_name"])
    else:
        nothing = dict.fromkeys(SCHEMAS["receipt.schema.json"]["required"])
        value = {**nothing, **(value["receipt"] or {}), **value}
    return {**added, **value}
