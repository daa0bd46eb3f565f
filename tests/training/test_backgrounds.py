import numpy as np

from so2plumes.training.backgrounds import cropped, granules_below, load_background, loud_pixels


def test_a_real_plume_is_loud_and_noise_is_not():
    z = np.random.default_rng(0).normal(size=(80, 80))
    usable = np.ones(z.shape, bool)
    assert loud_pixels(z, usable).mean() < 0.02
    z[40:43, 40:43] += 5.0
    assert loud_pixels(z, usable)[41, 41]


def test_unusable_granules_are_no_backgrounds(tmp_path):
    path = tmp_path / "S5P_RPRO_L2__SO2____20210324T110850_20210324T125020_17849_03_020401_20230207T211525.nc"
    path.write_bytes(b"not a file")
    assert load_background(path) is None


def test_a_crop_keeps_numbers_and_statistics(quiet_archive):
    whole = granules_below([quiet_archive])[0].load()
    piece = cropped(whole, slice(10, 50), slice(20, 90))
    assert piece.swath.shape == piece.usable.shape == piece.loud.shape == piece.local.sigma.shape == (40, 70)
    assert piece.swath.scanline[0] == whole.swath.scanline[10]
    assert piece.swath.ground_pixel[-1] == whole.swath.ground_pixel[89]
    np.testing.assert_array_equal(piece.local.sigma, whole.local.sigma[10:50, 20:90])
    np.testing.assert_array_equal(piece.swath["latitude"], whole.swath["latitude"][10:50, 20:90])
