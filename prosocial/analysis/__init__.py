"""Analysis of finished runs: statistics, persistence, generalization, figures and reports.

Everything here reads tables (Parquet files and polars frames) and nothing else: no world is
stepped and no network is evaluated, so figures can be redrawn on a machine without ray or torch.
"""
