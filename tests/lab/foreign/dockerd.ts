/**
 * A Docker of the server's own: Debian's dockerd in the server's network namespace, with mounts of its own, so that nothing
 * of the machine is touched. Its one container is a static busybox that serves HTTP on port 80.
 */
import { labBlocker, missing } from "../gate.ts";
import { type Lab, makeLab } from "../lab.ts";
import { Program } from "../program.ts";

/** The programs that it needs, with the Debian package of each. */
export const DOCKER_PROGRAMS = { dockerd: "docker.io", runc: "runc", "/bin/busybox": "busybox-static" } as const;

/** The port of the server at which the container is published. */
export const PUBLISHED = 8080;

/**
 * Why there can be no such Docker on this machine, or null when there can, found out by making one: what the kernel lacks
 * (control groups, bridges, matches of iptables) shows when the container starts. Where tests must be able to run (`CI=true`)
 * nothing is tried, so that the test itself says it.
 */
export async function dockerBlocker(): Promise<string | null> {
  if (Deno.env.get("CI") === "true" || (labBlocker() ?? missing(DOCKER_PROGRAMS)) !== null) return null;
  try {
    await using lab = await makeLab({ guard: "none" });
    await using _docker = await Docker.start(lab);
    return null;
  } catch (error) {
    return `Docker cannot run a container here: ${
      lastFailure(error instanceof SuppressedError ? error.suppressed : error)
    }`;
  }
}

/** What the program itself said last, of all that the error tells. */
function lastFailure(error: unknown): string {
  const lines = String(error).split("\n").filter((line) => line.trim() !== "");
  return lines.findLast((line) => /\b(?:fail|cannot|not permitted|denied|no such|unsupported)/i.test(line)) ??
    lines[0] ?? "";
}

/** A dockerd with one container. */
export class Docker implements AsyncDisposable {
  #daemon: Program | null = null;

  private constructor(readonly lab: Lab) {}

  /** Starts it, with the container. */
  static async start(lab: Lab): Promise<Docker> {
    const docker = new Docker(lab);
    try {
      await docker.#startDaemon();
      await docker.must(
        "sh",
        "-ec",
        `cd ${lab.dir}; mkdir -p image/bin; cp /bin/busybox image/bin/; tar -C image -c . | docker import - listener`,
      );
      const listen = ["/bin/busybox", "httpd", "-f", "-p", "80"];
      await docker.must("docker", "run", "-d", "--name", "web", "-p", `${PUBLISHED}:80`, "listener", ...listen);
      return docker;
    } catch (error) {
      await docker[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What `systemctl restart docker` does, with the container started again. */
  async restart(): Promise<void> {
    await this.must("docker", "kill", "web");
    await this.#stopDaemon();
    // Its containerd has ended with it, and where nobody has buried it yet it would be taken for one that runs.
    await Deno.remove(`${this.lab.dir}/docker-exec/containerd/containerd.pid`).catch(() => {});
    await this.#startDaemon();
    await this.must("docker", "start", "web");
  }

  async #startDaemon(): Promise<void> {
    const { dir } = this.lab;
    const { namespace } = this.lab.host("server");
    const words = [
      ...["dockerd", "--data-root", `${dir}/docker`, "--exec-root", `${dir}/docker-exec`, "-p", `${dir}/docker.pid`],
      ...["-H", `unix://${dir}/docker.sock`, "--storage-driver", "vfs", "--userland-proxy=false"],
    ];
    // `ip netns exec` would hide the control groups.
    const daemon = new Program([
      ...["nsenter", `--net=/run/netns/${namespace}`, "unshare", "--mount", "--propagation", "private"],
      ...["sh", "-ec", `mount -t tmpfs none /run; exec ${words.join(" ")}`],
    ]);
    this.#daemon = daemon;
    await daemon.waitFor(/API listen on/);
  }

  /** Runs a program that finds this Docker. */
  async must(...argv: readonly string[]): Promise<string> {
    return await this.lab.must("server", argv, { env: { DOCKER_HOST: `unix://${this.lab.dir}/docker.sock` } });
  }

  async #stopDaemon(): Promise<void> {
    await this.#daemon?.stop();
    this.#daemon = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (this.#daemon?.ended === null) await this.must("docker", "rm", "-f", "web");
    } finally {
      await this.#stopDaemon();
    }
  }
}
