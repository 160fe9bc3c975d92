/**
 * The other ends of `client_features_test.ts` on the loopback of one host: servers of every transport, proxies, and web
 * services that tell the address. They say in one line what reached them. In Python, because Deno has no raw sockets.
 */
import type { Lab, Program } from "../lab/mod.ts";

/** The address that the web services tell. */
export const TOLD_ADDRESS = "198.51.100.7";

/** Ports of the neighbour. */
export const PORTS = { spa: 62201, raw: 62209, web: 8080, secureWeb: 8443, proxy: 3128, socks: 9050 } as const;

const SCRIPT = `
import socket,ssl,struct,sys,threading
def say(*words): print(*words,flush=True)
def told(connection):
    connection.settimeout(5)
    data=b""
    while b"\\r\\n\\r\\n" not in data:
        more=connection.recv(4096)
        if not more: break
        data+=more
    return data
def answer(connection,text):
    connection.sendall(b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n%s"%(len(text),text))
def web(connection,name):
    say(name,told(connection).split(b"\\r\\n")[0].decode())
    answer(connection,b"${TOLD_ADDRESS}\\n")
def packet(connection,name):
    connection.settimeout(5)
    data=b""
    while True:
        more=connection.recv(4096)
        if not more: break
        data+=more
    say(name,data.split(b"\\r\\n")[0].decode())
def socks(connection,name):
    connection.recv(64); connection.sendall(b"\\x05\\x00")
    asked=connection.recv(300)
    connection.sendall(b"\\x05\\x00\\x00\\x01\\x7f\\x00\\x00\\x01\\x00\\x01")
    end=5+asked[4]
    packet(connection,"socks "+asked[5:end].decode()+" "+str(struct.unpack(">H",asked[end:end+2])[0]))
def listen(family,address,port,act,name,context=None):
    s=socket.socket(family,socket.SOCK_STREAM); s.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1)
    if family==socket.AF_INET6: s.setsockopt(socket.IPPROTO_IPV6,socket.IPV6_V6ONLY,1)
    s.bind((address,port)); s.listen(16)
    def serve():
        while True:
            connection,_=s.accept()
            try:
                if context: connection=context.wrap_socket(connection,server_side=True)
                act(connection,name); connection.close()
            except OSError as error: say(name,"failed:",error)
    threading.Thread(target=serve,daemon=True).start()
def receive(s,describe):
    def loop():
        while True:
            data,source=s.recvfrom(65536)
            line=describe(data,source)
            if line: say(line)
    threading.Thread(target=loop,daemon=True).start()
def datagrams(family,address,name):
    s=socket.socket(family,socket.SOCK_DGRAM)
    if family==socket.AF_INET6: s.setsockopt(socket.IPPROTO_IPV6,socket.IPV6_V6ONLY,1)
    s.bind((address,${PORTS.spa}))
    receive(s,lambda data,source: "%s %d bytes from %s %d"%(name,len(data),source[0],source[1]))
def raw_tcp(data,source):
    if struct.unpack(">H",data[22:24])[0]!=${PORTS.raw} or len(data)<100: return None
    return "rawtcp %d bytes from %s %d"%(len(data),source[0],struct.unpack(">H",data[20:22])[0])
def raw_icmp(data,source):
    if len(data)<150 or data[20]==3: return None
    return "icmp type %d code %d from %s"%(data[20],data[21],source[0])
context=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); context.load_cert_chain(sys.argv[1],sys.argv[2])
listen(socket.AF_INET,"127.0.0.1",${PORTS.spa},packet,"tcp4")
listen(socket.AF_INET6,"::1",${PORTS.spa},packet,"tcp6")
listen(socket.AF_INET,"127.0.0.1",${PORTS.proxy},web,"proxy")
listen(socket.AF_INET,"127.0.0.1",${PORTS.socks},socks,"socks")
listen(socket.AF_INET,"127.0.0.1",${PORTS.web},web,"web")
listen(socket.AF_INET,"127.0.0.1",${PORTS.secureWeb},web,"secure web",context)
datagrams(socket.AF_INET,"127.0.0.1","udp4"); datagrams(socket.AF_INET6,"::1","udp6")
receive(socket.socket(socket.AF_INET,socket.SOCK_RAW,socket.IPPROTO_TCP),raw_tcp)
receive(socket.socket(socket.AF_INET,socket.SOCK_RAW,socket.IPPROTO_ICMP),raw_icmp)
say("ready")
threading.Event().wait()
`;

/** Starts it on the knocker. `authority` is the file of the certificate that the secure web service shows. */
export async function startNeighbour(lab: Lab): Promise<{ readonly heard: Program; readonly authority: string }> {
  const [key, authority] = [`${lab.dir}/web.key`, `${lab.dir}/web.pem`];
  await lab.must("knocker", [
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key],
    ...["-out", authority, "-addext", "basicConstraints=critical,CA:FALSE"],
  ]);
  const script = `${lab.dir}/neighbour.py`;
  await Deno.writeTextFile(script, SCRIPT);
  const heard = lab.spawn("knocker", ["python3", script, authority, key]);
  await heard.waitFor(/^ready$/);
  return { heard, authority };
}

const TERMINAL = `
import json,os,pty,select,sys
job=json.loads(sys.argv[1])
pid,fd=pty.fork()
if pid==0: os.execvp(job["argv"][0],job["argv"])
shown=b""
def pump():
    global shown
    if not select.select([fd],[],[],20)[0]: sys.exit("nothing more: %r"%shown)
    try: data=os.read(fd,4096)
    except OSError: return False
    shown+=data
    return len(data)>0
for expect,send in job["steps"]:
    while expect.encode() not in shown:
        if not pump(): sys.exit("ended early: %r"%shown)
    os.write(fd,send.encode())
while pump(): pass
sys.stdout.write(shown.decode()); sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid,0)[1]))
`;

/** A command line that runs another on a terminal of its own and types: each step waits for a text, then sends one. */
export function onTerminal(argv: readonly string[], steps: readonly (readonly [expect: string, send: string])[]) {
  return ["python3", "-c", TERMINAL, JSON.stringify({ argv, steps })];
}
