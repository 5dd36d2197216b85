"""The OpenAPI 3.1 document of a service, built from the structs that read and write the bodies, so it cannot drift."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from command.links.signing import ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER
from command.services.problems import PROBLEM_TYPE, Problem

if TYPE_CHECKING:
    from command.services.api import Endpoint

_REF = "#/components/schemas/{name}"


def openapi_document(
    title: str, endpoints: Sequence[Endpoint[Any, Any]], events: Mapping[str, type[msgspec.Struct]]
) -> dict[str, object]:
    """Return the document as JSON values. Every operation may also answer with a `Problem`."""
    structs: list[type[msgspec.Struct]] = [Problem, *events.values()]
    for endpoint in endpoints:
        structs += [struct for struct in (endpoint.body, endpoint.query, endpoint.answer) if struct is not None]
    shapes, components = msgspec.json.schema_components(structs, ref_template=_REF)
    schema = dict(zip(structs, shapes, strict=True))
    paths: dict[str, dict[str, object]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schema, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "security": [{"token": []}],
        "paths": paths,
        "webhooks": {name: {"post": _webhook(schema[struct])} for name, struct in events.items()},
        "components": {"schemas": components, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _operation(
    endpoint: Endpoint[Any, Any], schema: Mapping[type[msgspec.Struct], Any], components: Mapping[str, Any]
) -> dict[str, object]:
    parameters = [_parameter("path", name, {"type": "string"}) for name in re.findall(r"{(\w+)}", endpoint.path)]
    if endpoint.query is not None:
        fields = components[endpoint.query.__name__]["properties"]
        parameters += [_parameter("query", name, shape) for name, shape in fields.items()]
    if endpoint.keyed:
        shape = {"type": "string", "minLength": 1, "maxLength": 200}
        parameters.append(_parameter("header", "Idempotency-Key", shape))
    operation: dict[str, object] = {
        "summary": endpoint.summary,
        "operationId": endpoint.handle.__name__,
        "parameters": parameters,
        "responses": {
            str(endpoint.status): {"description": "done", "content": _json(schema[endpoint.answer])},
            "default": {"description": "not done", "content": {PROBLEM_TYPE: {"schema": schema[Problem]}}},
        },
    }
    if endpoint.body is not None:
        operation["requestBody"] = {"required": True, "content": _json(schema[endpoint.body])}
    return operation


def _webhook(shape: object) -> dict[str, object]:
    signature = [
        _parameter("header", name, {"type": "string"}) for name in (ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER)
    ]
    return {
        "summary": "Sent to every subscriber, signed as Standard Webhooks says, until it answers 2xx",
        "security": [],
        "parameters": signature,
        "requestBody": {"required": True, "content": _json(shape)},
        "responses": {"2XX": {"description": "taken; an event whose id was taken before is taken again"}},
    }


def _parameter(where: str, name: str, shape: object) -> dict[str, object]:
    return {"in": where, "name": name, "required": where != "query", "schema": shape}


def _json(shape: object) -> dict[str, object]:
    return {"application/json": {"schema": shape}}
