# fish completion for fwknop
function __fwknop_rc
    set -l file ~/.fwknoprc
    set -l next no
    for word in (commandline -opc)
        if test $next = yes
            set file $word
        end
        set next no
        switch $word
            case --rc-file
                set next yes
            case '--rc-file=*'
                set file (string replace -- --rc-file= '' $word)
        end
    end
    sed -n $argv -- (string replace -r '^~/' $HOME/ -- $file) 2>/dev/null
end
function __fwknop_stanzas
    __fwknop_rc 's/^[[:blank:]]*[[]\\([^]]*\\)[]].*/\\1/p'
end
function __fwknop_servers
    set -l list (string match -r '^(?:-D|--destination=)?(.*,)' -- (commandline -ct))[2]
    if test -n "$list"
        string replace -r '^' (string escape --style=regex -- $list) -- (begin
            __fwknop_stanzas
            __fwknop_rc 's/^[[:blank:]]*SPA_SERVER:\\{0,1\\}[[:blank:]]\\{1,\\}\\([^[:blank:];#]*\\).*/\\1/p'
        end)
    else
        __fwknop_rc 's/^[[:blank:]]*SPA_SERVER:\\{0,1\\}[[:blank:]]\\{1,\\}\\([^[:blank:];#]*\\).*/\\1/p'
    end
end
function __fwknop_words
    contains -- --doctor (commandline -opc); and __fwknop_stanzas
end
complete -c fwknop -f -a '(__fwknop_words)'
complete -c fwknop -s A -l access -x -d 'ports to open, such as tcp/22 or tcp/80,udp/53'
complete -c fwknop -s C -l server-cmd -x -d 'command that the server runs, instead of opening ports'
complete -c fwknop -s f -l fw-timeout -x -d 'how long the door is asked to stay open'
complete -c fwknop -s N -l nat-access -x -d 'reach this internal host through the server'
complete -c fwknop -l nat-local -d 'reach a service of the server itself through another port'
complete -c fwknop -l nat-port -x -d 'port of the server that is forwarded, instead of the one of --access'
complete -c fwknop -l nat-rand-port -d 'the same with a random port, which is printed'
complete -c fwknop -s U -l spoof-user -x -d 'user name in the packet, instead of the one logged in'
complete -c fwknop -l time-offset-plus -x -d 'add to the time stamp: seconds, or 2m, 3h, 1h30m, 1d'
complete -c fwknop -l time-offset-minus -x -d 'subtract from the time stamp'
complete -c fwknop -s a -l allow-ip -x -d 'address or host name that is let in'
complete -c fwknop -s s -l source-ip -d 'whatever address the packet arrives from'
complete -c fwknop -s R -l resolve-ip-https -l resolve-ip-http -d 'the address under which the Internet sees this machine, asked over HTTPS'
complete -c fwknop -l resolve-http-only -d 'the same over plain HTTP, which others can falsify'
complete -c fwknop -l resolve-url -x -d 'service to ask for the own address'
complete -c fwknop -s w -l wget-cmd -x -d 'ask with this wget instead of the built-in HTTPS'
complete -c fwknop -l use-wget-user-agent -d 'let wget name itself'
complete -c fwknop -s D -l destination -x -a '(__fwknop_servers)' -d 'the server: a host name or an address'
complete -c fwknop -s p -l server-port -x -d 'port of the server'
complete -c fwknop -s P -l server-proto -x -a 'udp tcp http udpraw tcpraw icmp' -d 'udp, tcp, http, udpraw, tcpraw or icmp'
complete -c fwknop -s 4 -d 'use IPv4 where a name has both (the default)'
complete -c fwknop -s 6 -d 'use IPv6 where a name has both'
complete -c fwknop -l both -d 'with -s: knock over IPv4 and over IPv6'
complete -c fwknop -l server-resolve-ipv4 -d 'use IPv4 addresses of the server only'
complete -c fwknop -s S -l source-port -x -d 'port the packet leaves from'
complete -c fwknop -s Q -l spoof-source -l spoof-src -x -d 'source address of the packet (udpraw, tcpraw, icmp)'
complete -c fwknop -s r -l rand-port -d 'send to a random port'
complete -c fwknop -s H -l http-proxy -x -d 'send over HTTP through this proxy'
complete -c fwknop -l socks5 -x -d 'send over TCP through this SOCKS5 proxy, such as Tor at 127.0.0.1:9050'
complete -c fwknop -s u -l user-agent -x -d 'User-Agent of HTTP requests'
complete -c fwknop -l icmp-type -x -d 'ICMP type (icmp)'
complete -c fwknop -l icmp-code -x -d 'ICMP code (icmp)'
complete -c fwknop -l key-rijndael -x -d 'encryption key as text; as an option every user of this machine can see it'
complete -c fwknop -l key-base64-rijndael -x -d 'encryption key in base64; as an option every user of this machine can see it'
complete -c fwknop -s G -l get-key -r -F -d 'take the encryption key from this file'
complete -c fwknop -l key-hmac -x -d 'HMAC key as text; as an option every user of this machine can see it'
complete -c fwknop -l key-base64-hmac -x -d 'HMAC key in base64; as an option every user of this machine can see it'
complete -c fwknop -l get-hmac-key -r -F -d 'take the HMAC key from this file'
complete -c fwknop -l use-hmac -d 'authenticate the packet; asks for the HMAC key when there is none'
complete -c fwknop -l stdin -d 'read the encryption key, then the HMAC key, from lines of standard input'
complete -c fwknop -l fd -x -d 'the same from this file descriptor'
complete -c fwknop -s m -l digest-type -x -a 'MD5 SHA1 SHA256 SHA384 SHA512 SHA3_256 SHA3_512' -d 'digest inside the packet: md5, sha1, sha256, sha384, sha512, sha3_256, sha3_512'
complete -c fwknop -l hmac-digest-type -x -a 'MD5 SHA1 SHA256 SHA384 SHA512 SHA3_256 SHA3_512' -d 'digest of the HMAC'
complete -c fwknop -s M -l encryption-mode -x -a 'CBC ECB CFB OFB CTR legacy Asymmetric' -d 'cipher mode: CBC, CTR, CFB, OFB, ECB, or legacy for servers before 2.5'
complete -c fwknop -l no-key-hint -d 'let no part of the salt tell the server which keys to try first'
complete -c fwknop -s k -l key-gen -d 'make a new encryption key and HMAC key, and print them'
complete -c fwknop -s K -l key-gen-file -r -F -d 'the same into a file'
complete -c fwknop -s g -l gpg-encryption -d 'encrypt with GnuPG, to the key of --gpg-recipient-key'
complete -c fwknop -l gpg-recipient-key -l gpg--recipient -x -d 'the server\'s key: its name, id or fingerprint in the keyring, or a file that holds it'
complete -c fwknop -l gpg-signer-key -x -d 'the key that signs: its name, id or fingerprint in the keyring, or a file with the secret key'
complete -c fwknop -l gpg-home-dir -x -a '(__fish_complete_directories)' -d 'directory of the keyring; by default gpg\'s own, ~/.gnupg'
complete -c fwknop -l gpg-exe -r -F -d 'the gpg program; by default /usr/bin/gpg'
complete -c fwknop -l gpg-agent -d 'leave the passphrase to gpg-agent and its pinentry: also for smart cards'
complete -c fwknop -l gpg-no-signing-pw -d 'the signing key has no passphrase'
complete -c fwknop -s n -l named-config -x -a '(__fwknop_stanzas)' -d 'use the settings of this stanza of ~/.fwknoprc'
complete -c fwknop -l save-rc-stanza -d 'save the options given as a stanza, named by -n or else -D'
complete -c fwknop -l force-stanza -d 'replace the whole stanza without asking'
complete -c fwknop -l stanza-list -d 'list the stanzas'
complete -c fwknop -l rc-file -r -F -d 'use this file instead of ~/.fwknoprc'
complete -c fwknop -l no-rc-file -d 'use no such file'
complete -c fwknop -l no-home-dir -d 'look for nothing in the home directory'
complete -c fwknop -s l -l last-cmd -d 'run again with the arguments of the last run'
complete -c fwknop -l show-last -d 'show those arguments'
complete -c fwknop -l no-save-args -d 'do not remember the arguments of this run'
complete -c fwknop -s E -l save-args-file -r -F -d 'remember them here instead of ~/.fwknop.run'
complete -c fwknop -s T -l test -d 'build, show and check the packet, but do not send it'
complete -c fwknop -s B -l save-packet -r -F -d 'write the packet to this file as well'
complete -c fwknop -s b -l save-packet-append -d 'append to that file instead of replacing it'
complete -c fwknop -s v -l verbose -d 'say more; a second one adds nothing'
complete -c fwknop -s V -l version -d 'print the version'
complete -c fwknop -s h -l help -d 'print a short help, all options, or one topic'
complete -c fwknop -l json -d 'with -T, --show-last, --stanza-list, --wait or --doctor: one JSON object on standard output'
complete -c fwknop -l completion -x -a 'bash zsh fish' -d 'print the completion for this shell'
complete -c fwknop -l wait -d 'wait until the TCP ports are open, by default 10 seconds; exit status 3 if they are not by then'
complete -c fwknop -l proxy -d 'knock, wait, then carry standard input and output: for ProxyCommand of ssh'
complete -c fwknop -l fdpass -d 'with --proxy: hand the connection over as ProxyUseFdpass wants it, also where ssh is not the direct parent'
complete -c fwknop -l then -d 'knock, wait, then become this command'
complete -c fwknop -l hold -d 'keep the door open until Ctrl-C: knock again before it closes and when the own address changes'
complete -c fwknop -l explain -d 'show what would be sent to whom and where each value comes from; send nothing'
complete -c fwknop -l doctor -d 'check clock, keys, permissions, names and route; --doctor NAME checks a stanza. Exit status 1 when a knock would fail'
complete -c fwknop -l ssh-config -x -a '(__fwknop_stanzas)' -d 'print the lines for ssh_config that knock with this stanza'
complete -c fwknop -l qr -d 'show a stanza, or the keys that --key-gen makes, as a QR code and as a URI'
complete -c fwknop -l force-qr -d 'with --qr: also into a file or pipe, and where the window is too small'
complete -c fwknop -l import -x -d 'store such a URI, read from standard input, as a stanza; -n names it'
