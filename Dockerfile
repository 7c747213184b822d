# The dashboard with torch's build for the CPU: about 2 GB. Not for an open network as it is; see compose.yaml.
FROM python:3.11-slim
RUN useradd --uid 1000 --create-home assay && mkdir /workspace && chown assay /workspace
WORKDIR /assay
COPY requirements.txt .
RUN grep -E '^torch(vision)?==' requirements.txt > torch.txt \
    && pip install --no-cache-dir -r torch.txt --index-url https://download.pytorch.org/whl/cpu \
    && pip install --no-cache-dir -r requirements.txt
COPY app.py LICENSE ./
COPY .streamlit .streamlit
COPY core core
COPY pages pages
COPY assets assets
# assay, by number: a host that asks for "not root" cannot look up a name.
USER 1000
# Inside the container every address is meant; compose.yaml publishes the port to this machine alone.
ENV ASSAY_WORKSPACE=/workspace ASSAY_DATA=/data ASSAY_ALLOW_ANYONE=1 STREAMLIT_SERVER_ADDRESS=0.0.0.0
EXPOSE 8501
VOLUME /workspace
CMD ["python", "-m", "core", "run", "--port", "8501"]
