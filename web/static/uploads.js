/* Uploads that survive a lost connection and a closed page (tus 1.0.0). One file after the other, in pieces. */
"use strict";
(() => {
  const form = document.getElementById("upload");
  const list = document.getElementById("upload-progress");
  if (!form) return;
  const PIECE = 16 * 1024 * 1024;
  const LONGEST_WAIT = 60000;
  const TUS = { "Tus-Resumable": "1.0.0" };

  const base64 = (text) => btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
  const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

  class Refused extends Error {}

  const answered = async (response) => {
    if (response.ok) return response;
    let said = { message: String(response.status), retryable: response.status >= 500 };
    try {
      said = (await response.json()).error;
    } catch {
      /* an answer from something in between: its status says enough */
    }
    // 409 and 423: it has come to another place, or the lost connection is not yet noticed. Ask again where it is.
    if (said.retryable || response.status === 409 || response.status === 423) throw new Error(said.message);
    throw new Refused(said.message);
  };

  const remembered = (file) => `upload ${file.name} ${file.size} ${file.lastModified} ${form.elements.source?.value || ""}`;

  const begun = async (file) => {
    const pairs = [["filename", file.name], ["source", form.elements.source?.value], ["region", form.elements.region.value], ["published", form.elements.published.value]];
    const metadata = pairs.filter((pair) => pair[1]).map((pair) => `${pair[0]} ${base64(pair[1])}`).join(",");
    const headers = { ...TUS, "Upload-Length": String(file.size), "Upload-Metadata": metadata };
    const response = await answered(await fetch(form.dataset.address, { method: "POST", headers }));
    localStorage.setItem(remembered(file), response.headers.get("Location"));
    return response.headers.get("Location");
  };

  const reached = async (address) => {
    const response = await fetch(address, { method: "HEAD", headers: TUS });
    if (response.status === 404 || response.status === 410) return null;
    return Number((await answered(response)).headers.get("Upload-Offset"));
  };

  const send = async (file, show) => {
    let pause = 1000;
    for (;;) {
      try {
        let address = localStorage.getItem(remembered(file));
        let offset = address ? await reached(address) : null;
        if (offset === null) {
          address = await begun(file);
          offset = 0;
        }
        while (offset < file.size) {
          show(offset);
          const headers = { ...TUS, "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
          const response = await answered(await fetch(address, { method: "PATCH", headers, body: file.slice(offset, offset + PIECE) }));
          offset = Number(response.headers.get("Upload-Offset"));
          pause = 1000;
        }
        localStorage.removeItem(remembered(file));
        return;
      } catch (error) {
        if (error instanceof Refused) {
          localStorage.removeItem(remembered(file));
          throw error;
        }
        show(null, form.dataset.again);
        await wait(pause);
        pause = Math.min(pause * 2, LONGEST_WAIT);
      }
    }
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    let failed = false;
    list.replaceChildren();
    for (const file of form.elements.files.files) {
      const line = document.createElement("li");
      const bar = document.createElement("progress");
      const said = document.createElement("span");
      bar.max = file.size || 1;
      bar.value = 0;
      line.append(`${file.name} `, bar, " ", said);
      list.append(line);
      const show = (offset, text) => {
        if (offset !== null) bar.value = offset;
        said.textContent = text || `${Math.floor((100 * bar.value) / bar.max)} %`;
      };
      try {
        await send(file, show);
        bar.value = bar.max;
        said.textContent = form.dataset.done;
      } catch (error) {
        failed = true;
        said.textContent = `${form.dataset.failed}: ${error.message}`;
      }
    }
    button.disabled = false;
    if (!failed) location.reload();
  });
})();
