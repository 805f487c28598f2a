// The part of a browser's EventSource that the provider uses; Node 20 has none.
export class EventSource extends EventTarget {
  readyState = 0;
  #aborter = new AbortController();

  constructor(url) {
    super();
    this.url = url;
    this.#listen();
  }

  async #listen() {
    try {
      // A browser sends no header of the page's own here, so neither does this.
      const response = await fetch(this.url, { headers: { accept: "text/event-stream" }, signal: this.#aborter.signal });
      if (response.status !== 200 || !response.headers.get("content-type").startsWith("text/event-stream")) {
        throw new Error(`the stream answers ${response.status}`);
      }
      this.readyState = 1;
      this.dispatchEvent(new Event("open"));
      let waiting = "";
      const decoder = new TextDecoder();
      for await (const bytes of response.body) {
        waiting += decoder.decode(bytes, { stream: true });
        for (let end = waiting.indexOf("\n\n"); end >= 0; end = waiting.indexOf("\n\n")) {
          this.#tell(waiting.slice(0, end));
          waiting = waiting.slice(end + 2);
        }
      }
      throw new Error("the stream ended");
    } catch (error) {
      this.readyState = 2;
      this.reason = error;
      this.dispatchEvent(new Event("error"));
    }
  }

  #tell(block) {
    const lines = block.split("\n").filter((line) => line.startsWith("data: "));
    if (lines.length > 0) {
      const data = lines.map((line) => line.slice("data: ".length)).join("\n");
      this.dispatchEvent(new MessageEvent("message", { data }));
    }
  }

  close() {
    this.readyState = 2;
    this.#aborter.abort();
  }
}
