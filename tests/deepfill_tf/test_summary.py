import numpy as np

from deepfill_tf.summary import summary_grid


def test_each_column_and_row_shows_what_it_should():
    shape = (2, 4, 6, 3)
    images = np.stack([np.full(shape[1:], -1, np.float32), np.full(shape[1:], 0.2, np.float32)])
    masks = np.zeros((*shape[:3], 1), np.float32)
    masks[1, :2] = 1
    flow = np.zeros((2, 1, 1, 3), np.float32)
    flow[1] = [-1, 0.2, 1]
    grid = summary_grid(images, masks, np.full(shape, 2.0), np.full(shape, 0.6), flow)
    assert grid.shape == (8, 24, 3) and grid.dtype == np.uint8
    first, second = grid[:4].reshape(4, 4, 6, 3), grid[4:].reshape(4, 4, 6, 3)  # rows, column of pictures, columns
    assert (first[:, 0] == 0).all() and (first[:, 2] == 0).all()
    assert (first[:, 1] == 255).all()  # 2.0 is clipped
    assert (first[:, 3] == 128).all()
    assert (second[:2, 0] == 255).all() and (second[2:, 0] == 153).all()
    assert (second[:2, 2] == 204).all() and (second[2:, 2] == 153).all()
    assert (second[:, 3] == [0, 153, 255]).all()


def test_flow_is_enlarged_smoothly_with_its_corners_in_place():
    black, white = np.full((1, 5, 5, 3), -1, np.float32), np.ones((1, 5, 5, 3), np.float32)
    flow = np.stack([black[0, :2, :2], white[0, :2, :2]], axis=2)[np.newaxis, :, 0]  # (1, 2, 2, 3), black to white
    grid = summary_grid(black, black[..., :1], black, black, flow)
    np.testing.assert_array_equal(grid[:, 15:, 0], np.broadcast_to([0, 64, 128, 191, 255], (5, 5)))
