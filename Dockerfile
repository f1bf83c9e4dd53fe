# The commands with all that they need on a CPU: planning, verification, bit-exact runs, C simulation of Vitis' projects
# (by g++, with AMD's open headers, which hls4ml carries) and simulation of the RTL's (Verilator, which needs perl).
#   docker build -t dynamap . && docker run --rm -v "$PWD:/work" dynamap plan model.onnx --device u200 -o plan.json
FROM python:3.12-slim

RUN apt-get update \
    && apt-get install -y --no-install-recommends g++ make perl \
    && rm -rf /var/lib/apt/lists/*

COPY . /source
RUN pip install --no-cache-dir '/source[run,images,notebook,rtl]' \
    && pip install --no-cache-dir --no-deps 'hls4ml>=1,<2'

WORKDIR /work
ENTRYPOINT ["dynamap"]
