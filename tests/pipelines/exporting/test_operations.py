import tensorflow as tf
from tensorflow.compiler.xla.service import hlo_pb2

from pipelines.exporting.operations import count_operations


def operations_of(function, *shapes):
    arguments = [tf.zeros(shape) for shape in shapes]
    compiled = tf.function(function, jit_compile=True)
    return count_operations(hlo_pb2.HloModuleProto.FromString(
        compiled.experimental_get_compiler_ir(*arguments)(stage="hlo_serialized")))


def test_matrix_products():
    assert operations_of(lambda a, b: tf.matmul(a, b), [5, 7], [7, 3]) == 2 * 5 * 7 * 3
    assert operations_of(lambda a, b: tf.matmul(a, b, transpose_a=True), [2, 7, 5], [2, 7, 3]) == 2 * 2 * 5 * 7 * 3


def test_convolutions():
    assert operations_of(lambda image, kernel: tf.nn.conv2d(image, kernel, 2, "SAME"), [2, 8, 6, 3], [5, 5, 3, 4]) \
        == 2 * (2 * 4 * 3 * 4) * (5 * 5 * 3)


def test_each_channel_by_itself():
    assert operations_of(lambda image, kernel: tf.nn.depthwise_conv2d(image, kernel, [1, 1, 1, 1], "SAME"),
                         [1, 8, 6, 3], [3, 3, 3, 1]) == 2 * (8 * 6 * 3) * (3 * 3)


def test_nothing_else_counts():
    assert operations_of(lambda a, b: tf.exp(a) + b, [9, 9], [9, 9]) == 0
