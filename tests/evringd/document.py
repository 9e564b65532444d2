# SPDX-License-Identifier: MIT
"""docs/openapi.yaml, and whether an answer is one that it has."""

from __future__ import annotations

import json
import pathlib

import jsonschema
import yaml

DOC = yaml.safe_load((pathlib.Path(__file__).parents[2] / "docs/openapi.yaml").read_text())


def resolve(node: dict) -> dict:
    while "$ref" in node:
        target = DOC
        for part in node["$ref"].lstrip("#/").split("/"):
            target = target[part]
        node = target
    return node


def headers_wrong(method: str, path: str, status: int, headers: dict[str, str]) -> str:
    """Why, or nothing: the answer has the headers that the document has for it, and no Location else."""
    answers = DOC["paths"][path][method.lower()]["responses"]
    wanted = {name.lower() for name in resolve(answers.get(str(status), {})).get("headers", {})}
    missing = wanted - headers.keys()
    if missing:
        return f"no header {', '.join(sorted(missing))}"
    return "a Location" if "location" in headers and "location" not in wanted else ""


def is_wrong(method: str, path: str, status: int, text: str) -> str:
    """Why, or nothing."""
    answers = DOC["paths"][path][method.lower()]["responses"]
    if str(status) not in answers:
        return "the document has no such status"
    content = resolve(answers[str(status)]).get("content", {})
    if not content:
        return "a body that the document does not have" if text else ""
    if "application/json" not in content:
        return "" if text else "no body"
    schema = {**content["application/json"]["schema"], "components": DOC["components"]}
    try:
        jsonschema.Draft202012Validator(schema).validate(json.loads(text))
    except (ValueError, jsonschema.ValidationError) as error:
        return f"{error}"[:300]
    return ""
