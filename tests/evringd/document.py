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
