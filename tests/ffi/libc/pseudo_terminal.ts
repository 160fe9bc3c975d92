/** Runs a program of ours on a real pseudo-terminal, which Python's `pty` makes. */

/** What happened on the terminal. */
export interface TerminalRun {
  /** Everything the terminal showed, echo included. */
  readonly shown: string;
  /** Exit status as a shell would say it. */
  readonly code: number;
  /** Whether all settings of the terminal were at the end what they were at the start. */
  readonly restored: boolean;
  /** Whether echo and line mode were on while the program was stopped; null when it never was. */
  readonly sane: boolean | null;
}

/**
 * One step: wait until the terminal shows `expect`, then type `send`, or send the program a signal. After SIGTSTP it is waited
 * until the program has stopped, and noted whether echo and line mode are on (`sane`); then it goes on.
 */
export interface Step {
  readonly expect: string;
  readonly send: string;
  readonly signal?: "SIGTERM" | "SIGHUP" | "SIGINT" | "SIGQUIT" | "SIGTSTP" | "SIGCONT";
}

const DRIVER = `import os,pty,signal,sys,json,termios,select,fcntl,struct
job=json.load(sys.stdin)
ready,go=os.pipe()
pid,fd=pty.fork()
if pid==0:
    # Not before the terminal is as it shall be.
    os.read(ready,1)
    os.execv(job["path"],[job["path"]]+job["args"])
fcntl.ioctl(fd,termios.TIOCSWINSZ,struct.pack("HHHH",40,100,0,0))
a=termios.tcgetattr(fd)
for name,c in (("VERASE",job.get("erase")),("VKILL",job.get("kill"))):
    if c: a[6][getattr(termios,name)]=c.encode("latin1")
termios.tcsetattr(fd,termios.TCSANOW,a)
before=termios.tcgetattr(fd)
os.write(go,b"x")
shown=b""
def pump():
    global shown
    r,_,_=select.select([fd],[],[],30)
    if not r: raise SystemExit("nothing more in 30 s: "+repr(shown))
    try: d=os.read(fd,4096)
    except OSError: return False
    shown+=d
    return len(d)>0
at=0
sane=None
for step in job["steps"]:
    e=step["expect"].encode()
    while shown.find(e,at)<0:
        if not pump(): raise SystemExit("ended before "+repr(e)+": "+repr(shown))
    at=shown.find(e,at)+len(e)
    if step.get("signal"):
        os.kill(pid,getattr(signal,step["signal"]))
        if step["signal"]=="SIGTSTP":
            os.waitpid(pid,os.WUNTRACED)
            flags=termios.tcgetattr(fd)[3]
            sane=bool(flags&termios.ECHO) and bool(flags&termios.ICANON) and bool(flags&termios.ISIG)
            os.kill(pid,signal.SIGCONT)
    else: os.write(fd,step["send"].encode("latin1"))
while b"[end]" not in shown and pump(): pass
restored=b"[end]" in shown and termios.tcgetattr(fd)==before
if b"[end]" in shown: os.write(fd,b"\\n")
while pump(): pass
_,status=os.waitpid(pid,0)
print(json.dumps({"shown":shown.decode(),"code":os.waitstatus_to_exitcode(status),
 "restored":restored,"sane":sane}))`;

/**
 * Runs `deno run <script> ARGS` on a terminal of 100 by 40. The script prints `[end]` when it is done with the terminal and
 * then waits for a line, so that the terminal's state can be looked at.
 */
export async function runOnTerminal(
  script: string,
  options: {
    readonly args?: readonly string[];
    readonly steps: readonly Step[];
    /** Characters of the terminal instead of its own. */
    readonly erase?: string;
    readonly kill?: string;
  },
): Promise<TerminalRun> {
  const child = new Deno.Command("python3", { args: ["-c", DRIVER], stdin: "piped", stdout: "piped", stderr: "piped" })
    .spawn();
  const writer = child.stdin.getWriter();
  const args = ["run", "--no-prompt", "-A", script, ...options.args ?? []];
  const job = { path: Deno.execPath(), args, steps: options.steps, erase: options.erase, kill: options.kill };
  await writer.write(new TextEncoder().encode(JSON.stringify(job)));
  await writer.close();
  const { stdout, stderr } = await child.output();
  if (stdout.length === 0) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}
