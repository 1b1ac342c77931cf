"""YAML files as typed, immutable objects; a key that no object has is refused."""

import contextlib
import dataclasses
import math
from typing import Any, Dict, List, Mapping, Tuple, Type, TypeVar, Union, get_type_hints

import yaml

from .errors import OptionError, closest_names

Config = TypeVar('Config')
_LARGEST = 2 ** 63 - 1
"""The largest whole number that TensorFlow knows."""


def load(kind: Type[Config], path: str) -> Config:
    """Reads a YAML file.

    Args:
        kind: the dataclass that describes it.
        path: the file.

    Raises:
        OptionError: no such file, not YAML, an unknown or missing key, or a value of another type or outside its
            range; with the file, the key and what was expected.
    """
    try:
        with open(path, encoding='utf-8') as file:
            content = yaml.load(file, _Lined)  # a SafeLoader: nothing but numbers, texts, lists and mappings
    except OSError as error:
        raise OptionError('cannot read %s: %s' % (path, error.strerror)) from error
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError) as error:
        raise OptionError('%s is not YAML: %s' % (path, ' '.join(str(error).split()))) from error
    return _convert(content, kind, path, 1)


def one_of(name: str, choices: Mapping[str, Any], what: str) -> Any:
    """Returns `choices[name]`.

    Raises:
        OptionError: there is none; with those there are.
    """
    if name not in choices:
        raise OptionError('no %s named %r; there are %s' % (what, name, ', '.join(sorted(choices))))
    return choices[name]


def require(condition: bool, message: str) -> None:
    """Refuses a value outside its range.

    Raises:
        OptionError: the condition does not hold.
    """
    if not condition:
        raise OptionError(message)


class _Keys(Dict[Any, Any]):
    """A mapping that knows on which line each of its keys stands."""

    lines: Dict[Any, int]


class _Lined(yaml.SafeLoader):
    """Reads mappings as `_Keys`; a key that is there twice is refused, and so is an alias: nesting them has no end."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        found = _Keys(super().construct_mapping(node, deep=True))
        found.lines = {}
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in found.lines:
                raise yaml.constructor.ConstructorError(None, None, 'key %r is there twice' % key, key_node.start_mark)
            found.lines[key] = key_node.start_mark.line + 1
        return found

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, 'aliases (*name) are not read', self.peek_event().start_mark)
        return super().compose_node(parent, index)


_Lined.add_constructor('tag:yaml.org,2002:map', _Lined.construct_mapping)


def _convert(value: Any, kind: Any, where: str, line: int) -> Any:
    if getattr(kind, '__origin__', None) is Union:  # Optional[…]
        return None if value is None else _convert(value, kind.__args__[0], where, line)
    if dataclasses.is_dataclass(kind):
        return _convert_mapping(value, kind, where, line)
    if getattr(kind, '__origin__', None) is tuple:
        if not isinstance(value, list):
            raise _refusal(line, '%s: expected a list, found %r' % (where, value))
        return tuple(_convert(each, kind.__args__[0], '%s[%d]' % (where, i), line) for i, each in enumerate(value))
    if getattr(kind, '__origin__', None) is dict:
        return _convert_free(value, kind, where, line)
    return _convert_scalar(value, kind, where, line)


def _convert_free(value: Any, kind: Any, where: str, line: int) -> Any:
    """Converts a mapping whose keys are texts of the user's own."""
    if not isinstance(value, _Keys) or not all(isinstance(key, str) for key in value):
        raise _refusal(line, '%s: expected names with values, found %r' % (where, value))
    return {key: _convert(each, kind.__args__[1], '%s: %s' % (where, key), value.lines[key])
            for key, each in value.items()}


def _convert_mapping(value: Any, kind: Any, where: str, line: int) -> Any:
    if not isinstance(value, _Keys):
        raise _refusal(line, '%s: expected keys (%s), found %r' % (where, ', '.join(get_type_hints(kind)), value))
    line = min(value.lines.values(), default=line)
    kind = _variant(value, kind, where, line)
    types = get_type_hints(kind)
    for key in value:
        if key not in types:
            raise _refusal(value.lines[key], '%s: unknown key %r%s' % (where, key, closest_names(str(key), types)))
    missing = [field.name for field in dataclasses.fields(kind) if field.default is dataclasses.MISSING
               and field.default_factory is dataclasses.MISSING and field.name not in value]
    if missing:
        raise _refusal(line, '%s: missing key %r' % (where, missing[0]))
    converted = {key: _convert(each, types[key], '%s: %s' % (where, key), value.lines[key])
                 for key, each in value.items()}
    try:
        return kind(**converted)
    except OptionError as error:
        raise _refusal(line, '%s: %s' % (where, error)) from error


def _refusal(line: int, message: str) -> OptionError:
    return OptionError('%s (line %d)' % (message, line))


def _variant(value: Mapping[Any, Any], kind: Any, where: str, line: int) -> Any:
    """Returns the class of the key `name`, where a class has subclasses that are told apart by it."""
    forms = {form.name: form for form in _with_subclasses(kind) if getattr(form, 'name', '')}
    if not forms:
        return kind
    if not isinstance(value.get('name'), str) or value['name'] not in forms:
        raise _refusal(line, '%s: name: expected one of %s, found %r' % (where, ', '.join(sorted(forms)),
                                                                         value.get('name')))
    return forms[value['name']]


def _with_subclasses(kind: Any) -> List[Any]:
    return [kind] + [each for child in kind.__subclasses__() for each in _with_subclasses(child)]


def _convert_scalar(value: Any, kind: Any, where: str, line: int) -> Union[int, float, str, bool]:
    if kind is float and isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = float(value)  # YAML 1.1 reads 1e-5, without a dot, as text.
    accepted: Dict[type, Tuple[type, ...]] = {float: (int, float)}
    if not isinstance(value, accepted.get(kind, (kind,))) or isinstance(value, bool) and kind is not bool:
        raise _refusal(line, '%s: expected %s, found %r' % (where, kind.__name__, value))
    try:
        converted: Union[int, float, str, bool] = kind(value)
    except OverflowError as error:
        raise _refusal(line, '%s: %r is too large' % (where, value)) from error
    if isinstance(converted, int) and abs(converted) > _LARGEST:
        raise _refusal(line, '%s: %r is too large' % (where, value))
    if isinstance(converted, float) and not math.isfinite(converted):
        raise _refusal(line, '%s: expected a finite number, found %r' % (where, value))
    return converted
