"""YAML files as typed, immutable objects; a key that no object has is refused."""

import contextlib
import dataclasses
from typing import Any, Dict, List, Mapping, Tuple, Type, TypeVar, Union, get_type_hints

import yaml

from tf1pruning.errors import OptionError, closest_names

Config = TypeVar('Config')


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
            content = yaml.safe_load(file)
    except OSError as error:
        raise OptionError('cannot read %s: %s' % (path, error.strerror)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise OptionError('%s is not YAML: %s' % (path, ' '.join(str(error).split()))) from error
    return _convert(content, kind, path)


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


def _convert(value: Any, kind: Any, where: str) -> Any:
    if getattr(kind, '__origin__', None) is Union:  # Optional[…]
        return None if value is None else _convert(value, kind.__args__[0], where)
    if dataclasses.is_dataclass(kind):
        return _convert_mapping(value, kind, where)
    if getattr(kind, '__origin__', None) is tuple:
        if not isinstance(value, list):
            raise OptionError('%s: expected a list, found %r' % (where, value))
        return tuple(_convert(each, kind.__args__[0], '%s[%d]' % (where, i)) for i, each in enumerate(value))
    return _convert_scalar(value, kind, where)


def _convert_mapping(value: Any, kind: Any, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise OptionError('%s: expected keys (%s), found %r' % (where, ', '.join(get_type_hints(kind)), value))
    kind = _variant(value, kind, where)
    types = get_type_hints(kind)
    for key in value:
        if key not in types:
            raise OptionError('%s: unknown key %r%s' % (where, key, closest_names(str(key), types)))
    missing = [field.name for field in dataclasses.fields(kind) if field.default is dataclasses.MISSING
               and field.name not in value]
    if missing:
        raise OptionError('%s: missing key %r' % (where, missing[0]))
    converted = {key: _convert(each, types[key], '%s: %s' % (where, key)) for key, each in value.items()}
    try:
        return kind(**converted)
    except OptionError as error:
        raise OptionError('%s: %s' % (where, error)) from error


def _variant(value: Mapping[Any, Any], kind: Any, where: str) -> Any:
    """Returns the class of the key `name`, where a class has subclasses that are told apart by it."""
    forms = {form.name: form for form in _with_subclasses(kind) if getattr(form, 'name', '')}
    if not forms:
        return kind
    if value.get('name') not in forms:
        raise OptionError('%s: name: expected one of %s, found %r' % (where, ', '.join(sorted(forms)),
                                                                      value.get('name')))
    return forms[value['name']]


def _with_subclasses(kind: Any) -> List[Any]:
    return [kind] + [each for child in kind.__subclasses__() for each in _with_subclasses(child)]


def _convert_scalar(value: Any, kind: Any, where: str) -> Union[int, float, str, bool]:
    if kind is float and isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = float(value)  # YAML 1.1 reads 1e-5, without a dot, as text.
    accepted: Dict[type, Tuple[type, ...]] = {float: (int, float)}
    if not isinstance(value, accepted.get(kind, (kind,))) or isinstance(value, bool) and kind is not bool:
        raise OptionError('%s: expected %s, found %r' % (where, kind.__name__, value))
    return kind(value)
