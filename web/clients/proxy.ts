import { createServer, connect, type Server, type Socket } from "node:net";

/** A way to the server that loses connections in the middle of what they carry. */
export class CuttingProxy {
  cuts = 0;
  /** Loses every second answer, with its connection. */
  losesAnswers = false;
  private answers = 0;
  private readonly pairs = new Set<() => void>();
  private timer: ReturnType<typeof setInterval> | undefined;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async to(target: string): Promise<CuttingProxy> {
    const { hostname, port } = new URL(target);
    const server = createServer((client) => proxy.join(client, connect(Number(port), hostname)));
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const address = server.address() as { port: number };
    const proxy: CuttingProxy = new CuttingProxy(server, `http://127.0.0.1:${address.port}`);
    return proxy;
  }

  get socketUrl(): string {
    return this.url.replace("http", "ws");
  }

  /** Cuts every connection that there is, again and again. */
  cutEvery(milliseconds: number): void {
    this.timer = setInterval(() => this.cut(), milliseconds);
  }

  stopCutting(): void {
    clearInterval(this.timer);
  }

  async close(): Promise<void> {
    this.stopCutting();
    this.cut();
    await new Promise((closed) => this.server.close(closed));
  }

  private join(client: Socket, server: Socket): void {
    const end = () => {
      client.destroy();
      server.destroy();
      this.pairs.delete(end);
    };
    this.pairs.add(end);
    client.on("data", (chunk) => server.write(chunk));
    server.on("data", (chunk) => {
      if (this.losesAnswers && ++this.answers % 2) end();
      else client.write(chunk);
    });
    for (const side of [client, server]) {
      side.on("error", end);
      side.on("close", end);
    }
  }

  private cut(): void {
    this.cuts += this.pairs.size;
    for (const end of [...this.pairs]) end();
  }
}
