from pipelines.evaluation.statistics import Estimate
from pipelines.evaluation.summary import ALL, Row
from pipelines.evaluation.tables import differences_table, figures_table, markdown_table, published_block, report

MEANS = {"psnr": Estimate(27.014, 26.5, 27.5), "hole_psnr": Estimate(20.0, None, None),
         "l1": Estimate(0.0512, 0.05, 0.06)}
OURS = Row("gaussian-25_box", ALL, "n2v+deepfill_v2", 3, MEANS, {}, {"fid": 12.345},
           {"seconds": 1.234, "peak_memory_megabytes": 900.2})
OTHER = Row("gaussian-25_box", ALL, "deepfill_v2", 3, {"psnr": Estimate(22.304, 22.0, 23.0)},
            {"psnr": Estimate(-4.71, -5.0, -4.5), "l1": Estimate(0.01, None, None)}, {"fid": None})
MISSING = Row("gaussian-25_box", ALL, "comodgan", 0, {}, {}, note="no results")


def cells(table):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def test_columns_are_aligned():
    assert markdown_table(["a", "bb"], [["ccc", "1"]]).splitlines() == ["| a   | bb |", "|-----|---:|", "| ccc |  1 |"]


def test_figures_and_what_is_missing():
    header, _, ours, other, missing = cells(figures_table([OURS, OTHER, MISSING], {"lpips": "no weights"}))
    values = dict(zip(header, ours))
    assert values["PSNR dB"] == "27.01" and values["hole PSNR dB"] == "20.00" and values["L1 %"] == "5.12"
    assert values["LPIPS"] == values["hole LPIPS"] == "no weights"
    assert values["FID"] == "12.35" and values["hole FID"] == "-" and values["SSIM"] == "-"
    assert values["seconds"] == "1.23" and values["peak MB"] == "900"
    assert dict(zip(header, other))["FID"] == "-"
    assert missing[:3] == ["comodgan", "no results", "-"] and len(missing) == len(header)


def test_differences_have_signs_and_limits():
    header, _, other = cells(differences_table([OURS, OTHER, MISSING], {"lpips": "no weights"}))
    values = dict(zip(header, other))
    assert values["PSNR dB"] == "-4.71 [-5.00, -4.50]" and values["L1 %"] == "+1.00" and "LPIPS" not in values


def test_both_ways_of_counting_the_gain():
    text = published_block([OURS, OTHER])
    assert "Not comparable" in text and "| comodgan" in text
    gains = [row for row in cells(text) if row[0] == "published" or row[0].startswith("here")]
    assert gains == [["published", "+4.71", "+17.4%", "+21.1%"],
                     ["here, gaussian-25_box", "+4.71", "+17.4%", "+21.1%"]]


def test_bins_follow_their_condition():
    binned = Row(OURS.condition, "10-20 %", "n2v+deepfill_v2", 1, OURS.means, {})
    titles = [line for line in report([OURS, OTHER, binned], absent={}).splitlines() if line.startswith("#")]
    assert titles == ["## gaussian-25_box", "### gaussian-25_box, holes of 10-20 %"]
