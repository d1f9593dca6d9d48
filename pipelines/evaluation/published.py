"""Figures that others have published: to be read beside ours, not to be mixed with them."""

from __future__ import annotations

# System, PSNR in dB, source. Sigma 25 on the 68 gray test images.
BSD68 = (
    ("Noise2Void", 27.71, "Krull et al. 2019, arXiv:1811.10980"),
    ("Noise2Void, official notebook", 27.81, "n2v, examples/2D/denoising2D_BSD68"),
    ("BM3D", 28.59, "Krull et al. 2019, arXiv:1811.10980"),
    ("supervised training", 29.06, "Krull et al. 2019, arXiv:1811.10980"),
)

# Places2, noise of sigma 25 and free-form holes: system, PSNR, SSIM, FID, LPIPS. From the paper that joined Noise2Void
# and DeepFill v2.
PAPER = (
    ("n2v+deepfill_v2", 27.01, 0.837, 5.927, 0.0172),
    ("deepfill_v2", 22.30, 0.81, 6.05, 0.0178),
    ("deepfill_v1", 21.68, 0.75, 6.73, 0.0400),
    ("comodgan", 22.65, 0.74, 3.72, 0.0250),
)
