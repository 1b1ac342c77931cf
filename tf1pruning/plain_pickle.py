"""What a pickle may do even where it can make nothing but plain data."""

import pickletools

_MEMORY = ('PUT', 'BINPUT', 'LONG_BINPUT', 'GET', 'BINGET', 'LONG_BINGET')


def refuse_bomb(content: bytes) -> None:
    """Looks for numbers of the memory that a pickle of this size cannot need; Python makes room for as many, at once.

    Raises:
        ValueError: there is one, or the content is no pickle.
    """
    for operation, argument, place in pickletools.genops(content):
        if operation.name in _MEMORY and int(argument or 0) > len(content):
            raise ValueError('at %s it asks for room for %s objects' % (place, argument))
