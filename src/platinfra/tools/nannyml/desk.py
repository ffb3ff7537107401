"""The desk of the monitor: takes data for the next look, and shows what the last one found."""

from pathlib import Path

from data_looks.desk import serve

if __name__ == "__main__":
    serve("nannyml", Path(__file__).with_name("monitor.py"), ["--experiment=nannyml-trials"])
