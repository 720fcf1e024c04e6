# SPDX-License-Identifier: Apache-2.0
"""Write the pages of the API reference from the table of routes.

Sphinx has them written at each build, so that they say what the API does.
"""

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
import json
import pathlib
import re
from typing import Any

from patrii_billing.api import openapi
from patrii_billing.api import route as routing
from patrii_billing.api import routes
from tools import api_examples

PARAMETERS = 'parameters.yaml'
# os-api-ref wants the parameters in this order, and by name within it.
_PLACES = ('header', 'path', 'query', 'body')
_TITLES = {'summary': 'Summary', 'openapi.json': 'Description of the API'}

Schema = Mapping[str, Any]
# A field as os-api-ref reads it: where it is, its type, what it means.
Field = dict[str, Any]
Fields = list[tuple[str, Field]]


def write(folder: pathlib.Path) -> None:
    """Write a page for each noun, and the file of all their parameters."""
    folder.mkdir(parents=True, exist_ok=True)
    told = openapi.document(routes.ALL)
    fields: dict[str, Field] = {}
    for noun in sorted({route.noun for route in routes.ALL}):
        mine = [route for route in routes.ALL if route.noun == noun]
        page = '\n'.join(_page(told, noun, mine, fields))
        _put(folder / f'{noun.partition(".")[0]}.rst', page)
    # JSON is YAML, too.
    _put(folder / PARAMETERS, json.dumps(_ordered(fields), indent=1))


def _put(path: pathlib.Path, text: str) -> None:
    """What is the same is left alone, so that Sphinx reads it once."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def _ordered(fields: Mapping[str, Field]) -> dict[str, Field]:
    def place(key: str) -> tuple[int, str]:
        return _PLACES.index(fields[key]['in']), key.lower()

    return {key: fields[key] for key in sorted(fields, key=place)}


def _page(
    told: Schema,
    noun: str,
    mine: Sequence[routing.Route],
    fields: dict[str, Field],
) -> Iterator[str]:
    title = _TITLES.get(noun, noun.capitalize())
    yield from ('.. rest_expand_all::', '')
    yield from _titled(title, '=')
    for route in mine:
        operation = told['paths'][route.path][route.method.lower()]
        yield from _operation(told, route, operation, fields)


def _operation(
    told: Schema,
    route: routing.Route,
    operation: Schema,
    fields: dict[str, Field],
) -> Iterator[str]:
    yield from _titled(route.summary, '-')
    yield from (f'.. rest_method:: {route.method} {route.path}', '')
    if route.description:
        yield from (_prose(route.description), '')
    rule = route.rule
    yield f'Policy: ``{rule}``.' if rule else 'Open to everybody.'
    yield from ('', f'Normal response code: {route.status}.', '')
    asked = [*_sent(told, operation)]
    answered = [*_answered(told, operation, route.status)]
    for name, found in (('Request', asked), ('Response', answered)):
        if found:
            yield from _titled(name, '~')
            yield from _table(f'{operation["operationId"]}.{name}', found,
                              fields)  # fmt: skip
        elif name == 'Response':
            yield from (_unlisted(route), '')
    yield from _example(route)


def _example(route: routing.Route) -> Iterator[str]:
    found = api_examples.of_all().get((route.method, route.path))
    if found is None:
        return
    yield from (f'**Example:** ``{found.asked}``', '')
    for told in (found.sent, found.answered):
        if told is not None:
            written = json.dumps(told, indent=2, ensure_ascii=False)
            yield from ('.. code-block:: json', '')
            yield from (f'   {line}' for line in written.split('\n'))
            yield ''


def _unlisted(route: routing.Route) -> str:
    if route.status == 204:
        return 'The response has no body.'
    return f'The response is of the type ``{route.media_type}``.'


def _titled(text: str, line: str) -> Iterator[str]:
    yield from (text, line * len(text), '')


def _table(
    prefix: str, found: Fields, fields: dict[str, Field]
) -> Iterator[str]:
    yield from (f'.. rest_parameters:: {PARAMETERS}', '')
    for name, field in found:
        key = f'{prefix}.{field["in"]}.{name}'.replace('[]', '')
        fields[key] = field
        yield f'   - {json.dumps(name)}: {json.dumps(key)}'
    yield ''


def _sent(told: Schema, operation: Schema) -> Iterator[tuple[str, Field]]:
    for found in operation['parameters']:
        one = _resolved(told, found)
        yield one['name'], _field(
            one['schema'], one['in'], one['required'],
            one.get('description', ''),
        )  # fmt: skip
    if 'requestBody' in operation:
        [content] = operation['requestBody']['content'].values()
        yield from _flat(told, content['schema'])


def _answered(
    told: Schema, operation: Schema, status: int
) -> Iterator[tuple[str, Field]]:
    content = operation['responses'][str(status)].get('content', {})
    for each in content.values():
        schema = each['schema']
        # What a dry run is answered is told once, for all of them.
        [schema, *_] = schema.get('anyOf', [schema])
        yield from _flat(told, schema)


def _flat(
    told: Schema, schema: Schema, prefix: str = ''
) -> Iterator[tuple[str, Field]]:
    """Its fields and theirs, as `lines[].amount`."""
    schema = _resolved(told, schema)
    if 'items' in schema:
        yield from _flat(told, schema['items'], f'{prefix}[]')
    for key, value in schema.get('properties', {}).items():
        name = f'{prefix}.{key}' if prefix else key
        inner = _resolved(told, value)
        is_required = key in schema.get('required', ())
        yield name, _field(inner, 'body', is_required)
        yield from _flat(told, inner, name)


def _resolved(told: Schema, found: Schema) -> Schema:
    while '$ref' in found:
        _, kind, name = found['$ref'].removeprefix('#/').split('/')
        found = told['components'][kind][name]
    return found


def _field(
    schema: Schema, place: str, is_required: bool, description: str = ''
) -> Field:
    return {
        'in': place,
        'type': _type(schema),
        'required': is_required,
        'description': ' '.join(_meaning(schema, description)),
    }


def _type(schema: Schema) -> str:
    named = schema.get('type')
    if named is None:
        ways = schema.get('oneOf') or schema.get('anyOf') or ()
        named = [_type(way) for way in ways] or ['any']
    names = [named] if isinstance(named, str) else named
    return ' or '.join(dict.fromkeys(names))


def _meaning(schema: Schema, description: str) -> Iterator[str]:
    told = description or schema.get('description', '')
    if told:
        yield _prose(told)
    values = [value for value in schema.get('enum', ()) if value is not None]
    if values:
        named = ', '.join(f'``{value}``' for value in values)
        yield f'One of {named}.' if len(values) > 1 else f'Always {named}.'
    if 'default' in schema:
        yield f'Default: ``{json.dumps(schema["default"])}``.'
    for example in schema.get('examples', ())[:1]:
        yield f'For example ``{example}``.'


def _prose(text: str) -> str:
    """Markdown's marks of what is literal, as those of reStructuredText."""
    return re.sub(r'`([^`]+)`', r'``\1``', text).replace('*', r'\*')
