"""Damages what a packed file says, and puts the right checksums around it."""

import io
import os
import random
import tempfile

from tests.fuzz import mutations
from tf1pruning.packing.container import SectionReader, SectionWriter
from tf1pruning.packing.cursor import DamagedError
from tf1pruning.packing.squeeze import restore, squeeze


def damaged_sections(content: bytes, chance: random.Random) -> bytes:
    """Returns a packed file with one of its sections changed, gone, or there twice."""
    with tempfile.TemporaryFile() as stream:
        stream.write(content)
        stream.flush()
        reader = SectionReader(os.dup(stream.fileno()), 'model.tfp')
        sections = [reader.content(section) for section in reader.sections]
    number = chance.randrange(len(sections)) if chance.random() < 0.7 else 0
    way = chance.randrange(10)
    if way == 0:
        del sections[number]
    elif way == 1:
        sections.insert(number, sections[number])
    elif number == 0 and way < 8:
        sections[0] = _changed_graph(sections[0], chance)
    else:
        sections[number] = mutations.damaged_bytes(sections[number], chance)
    result = io.BytesIO()
    writer = SectionWriter(result)
    for section in sections:
        writer.section(section)
    writer.finish()
    return result.getvalue()


def _changed_graph(section: bytes, chance: random.Random) -> bytes:
    """Changes what has been squeezed, not its squeezed form."""
    try:
        return squeeze(mutations.damaged_bytes(restore(section), chance))
    except DamagedError:
        return section
