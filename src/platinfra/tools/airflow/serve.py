"""Start Airflow's server, once the database has the tables of this version."""

import os
import subprocess
import sys

subprocess.run(["airflow", "db", "migrate"], check=True)
os.execvp("airflow", ["airflow", "api-server", *sys.argv[1:]])
