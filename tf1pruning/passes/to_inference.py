"""Training model → inference model."""

from ..graph.inference import inference_graph
from ..model.meta_graph import rebuilt
from ..model.model import Model


def to_inference(model: Model) -> Model:
    """Returns the forward part of a model in inference mode, with its own saver and initial values.

    Batch norm uses its moving statistics, dropout and everything of the optimizer is gone; names stay.

    Args:
        model: any model with outputs; its inputs say where the graph is cut.

    Raises:
        NameNotFoundError: an input or output does not exist.
        ModelError: values that the outputs need are missing.
    """
    forward = inference_graph(model.graph, model.outputs, model.inputs, model.feeds)
    result = rebuilt(model, forward)
    names = {node.name for node in forward.node if node.op == 'Placeholder'}
    inputs = {}
    for tensor, spec in model.inputs.items():
        node, _, index = tensor.partition(':')
        name = spec.name or (node if index in ('', '0') else '%s_%s' % (node, index))
        if name in names:
            inputs[name] = spec._replace(name='')
    return result.replace(inputs=inputs)
