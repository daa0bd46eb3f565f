"""Find, outline, quantify and compare the sulphur dioxide plumes of the TROPOMI archive.

The rooms depend on each other in one direction only:
archive -> swath -> detect -> plumes -> emissions -> sources, inventory -> report.
``simulate`` makes Level-2 files with known truth, ``training`` makes the detector's weights.
"""

__version__ = "0.1.0"
