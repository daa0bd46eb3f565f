import pytest


@pytest.mark.parametrize(("base_width", "millions"), [(8, 0.54), (16, 2.16)])
def test_network_has_the_size_of_the_paper_family(base_width, millions):
    from so2plumes.detect.unet import build_unet

    model = build_unet(32, base_width)
    assert model.input_shape == (None, 32, 32, 1)
    assert model.output_shape == (None, 32, 32, 1)
    assert model.count_params() / 1e6 == pytest.approx(millions, rel=0.02)
