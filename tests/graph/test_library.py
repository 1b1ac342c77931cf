"""Of a library, only the functions that a graph calls stay with it."""

from typing import Any

from tf1pruning.graph.library import called_functions
from tf1pruning.graph.rewiring import Rewiring
from tf1pruning.graph.view import GraphView, TensorName
from tf1pruning.tf1 import tf


def test_called_by_operation_by_attribute_and_as_a_gradient() -> None:
    """And what these call; `unused` calls itself, but nothing calls it."""
    calls = {'operation': [], 'branch': ['inner'], 'listed': [], 'inner': [], 'slope': [], 'unused': ['unused']}
    library: Any = tf.GraphDef().library
    for name, inner in calls.items():
        function = library.function.add()
        function.signature.name = name
        for each in inner:
            function.node_def.add(name='call', op=each)
    library.gradient.add(function_name='inner', gradient_func='slope')
    library.gradient.add(function_name='unused', gradient_func='slope')
    nodes = [tf.NodeDef(name='first', op='operation'), tf.NodeDef(name='second', op='If'),
             tf.NodeDef(name='third', op='Case')]
    nodes[1].attr['then_branch'].func.name = 'branch'
    nodes[2].attr['branches'].list.func.add(name='listed')
    found = called_functions(nodes, library)
    assert [each.signature.name for each in found.function] == ['operation', 'branch', 'listed', 'inner', 'slope']
    assert [each.function_name for each in found.gradient] == ['inner']
    assert called_functions(nodes[:0], library).ByteSize() == 0


def test_a_graph_that_is_cut_leaves_the_functions_of_its_input_behind() -> None:
    with tf.Graph().as_default() as graph:
        batches = tf.data.make_initializable_iterator(tf.data.Dataset.range(3).map(lambda number: number + 1))
        tf.cast(batches.get_next(), tf.float32, name='output')
    view = GraphView(graph.as_graph_def())
    assert view.graph.library.function
    built = Rewiring(view).build([TensorName('output')])
    assert [node.name for node in built.node][-1] == 'output'
    assert not built.library.function
