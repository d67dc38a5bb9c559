/** Client addresses: one spelling for each, however a proxy writes it, and the block that limits count. */
import { BlockList, isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** The longest text that can be an address: IPv6 with an IPv4 tail, a zone, brackets and a port. */
const LONGEST_ADDRESS = 80

/**
 * The bare address in its one spelling: without port, brackets and zone, IPv6 compressed, an IPv4 address inside IPv6 as
 * IPv4. Null when the text is no address.
 */
export function bareAddress(text: string): string | null {
  if (text.length > LONGEST_ADDRESS) return null
  const address = withoutPort(text.trim())
  if (isIP(address) === 0) return null
  return ipaddr.process(address.split('%')[0]!).toString()
}

/** Some load balancers write `203.0.113.9:40001` and `[2001:db8::1]:443`. */
function withoutPort(text: string): string {
  if (text.startsWith('[')) return text.slice(1).split(']')[0]!
  const [host, port] = text.split(':')
  const isWithPort = port !== undefined && text.indexOf(':') === text.lastIndexOf(':')
  return isWithPort ? host! : text
}

/** Who is counted as one client: one household has one IPv4 address, but a whole /64 of IPv6. */
export function addressBlock(address: string): string {
  if (isIP(address) !== 6) return address
  const groups = ipaddr.IPv6.parse(address).parts.slice(0, 4)
  return `${groups.map((group) => group.toString(16)).join(':')}::/64`
}

/** Networks that TRUST_PROXY may name by a word. */
const NAMED_NETWORKS: Record<string, readonly string[]> = {
  loopback: ['127.0.0.1/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

/**
 * Whether an address in X-Forwarded-For, or the peer's, is a proxy whose word counts; ports in it change nothing.
 * `distance` is 0 for the peer, 1 for the address that the peer forwarded, and so on.
 */
export function createProxyTrust(
  trusted: boolean | number | readonly string[],
): (address: string, distance: number) => boolean {
  if (typeof trusted === 'boolean') return () => trusted
  if (typeof trusted === 'number') return (_address, distance) => distance < trusted
  const networks = new BlockList()
  for (const each of trusted.flatMap((name) => NAMED_NETWORKS[name] ?? name)) addNetwork(networks, each)
  return (text) => {
    const address = bareAddress(text)
    return address !== null && networks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  }
}

/** A network is `10.0.0.0/8`, `10.0.0.0/255.0.0.0` or one address. */
function addNetwork(networks: BlockList, network: string): void {
  const [address = '', mask] = network.split('/')
  const bare = bareAddress(address)
  if (bare === null) throw new Error(`TRUST_PROXY: ${network} is not an address or a network`)
  const family = isIP(bare) === 6 ? 'ipv6' : 'ipv4'
  if (mask === undefined) return networks.addAddress(bare, family)
  const prefix = isIP(mask) === 4 ? ipaddr.IPv4.parse(mask).prefixLengthFromSubnetMask() : Number(mask)
  const longest = family === 'ipv6' ? 128 : 32
  if (prefix === null || !Number.isInteger(prefix) || prefix < 0 || prefix > longest)
    throw new Error(`TRUST_PROXY: ${network} is not an address or a network`)
  networks.addSubnet(bare, prefix, family)
}
