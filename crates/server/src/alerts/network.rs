//! Which addresses may be connected to: those that everybody can reach, and the networks that whoever runs the server allows.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network, as an address and how many of its bits are the same for all in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// Networks that may be connected to although they are not everybody's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

/// IPv4 networks that are nobody's host out there: of the machine itself, private, shared, of the link, for documents and measuring,
/// of groups, and not given out.
const NOT_OUT_THERE: [([u8; 4], u8); 16] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 31, 196, 0], 24),
    ([192, 52, 193, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 3),
];

/// The one IPv6 network from which hosts out there have addresses, and parts of it that are not theirs: protocols, documents, and
/// addresses with one of IPv4 inside.
const OUT_THERE: ([u16; 8], u8) = ([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);
const NOT_OUT_THERE_6: [([u16; 8], u8); 5] = [
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32),
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16),
    ([0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0], 48),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20),
];

impl Network {
    /// Reads `10.20.0.0/16` or `fd00:1::/32`; an address alone is a network of one.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok())?;
        let network = Self { address, bits };
        // 10.20.30.40/8 is a slip: nobody knows which of the two was meant.
        (bits <= most && network.first() == address).then_some(network)
    }

    fn first(self) -> IpAddr {
        match self.address {
            IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() & mask(self.bits, 32) as u32).into(),
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & mask(self.bits, 128)).into(),
        }
    }

    fn holds(self, address: IpAddr) -> bool {
        address.is_ipv4() == self.address.is_ipv4() && Self { address, ..self }.first() == self.address
    }
}

/// So many ones in front, of so many bits.
fn mask(bits: u8, of: u8) -> u128 {
    let zeros = u32::from(of - bits.min(of));
    let all = if of == 128 { u128::MAX } else { (1 << of) - 1 };
    all & u128::MAX.checked_shl(zeros).unwrap_or(0)
}

impl Networks {
    /// Reads networks with commas between them.
    ///
    /// # Errors
    /// The first part that is none.
    pub fn read(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        Ok(Self(parts.map(|part| Network::read(part).ok_or_else(|| part.to_owned())).collect::<Result<_, _>>()?))
    }

    /// Whether an address may be connected to.
    #[must_use]
    pub fn may_reach(&self, address: IpAddr) -> bool {
        // An IPv4 address in the clothes of IPv6 reaches the same host.
        let address = address.to_canonical();
        self.0.iter().any(|network| network.holds(address)) || is_out_there(address)
    }
}

fn is_out_there(address: IpAddr) -> bool {
    let four = |(octets, bits): ([u8; 4], u8)| Network { address: Ipv4Addr::from(octets).into(), bits };
    let six = |(parts, bits): ([u16; 8], u8)| Network { address: Ipv6Addr::from(parts).into(), bits };
    match address {
        IpAddr::V4(_) => !NOT_OUT_THERE.into_iter().map(four).any(|network| network.holds(address)),
        IpAddr::V6(_) => {
            six(OUT_THERE).holds(address) && !NOT_OUT_THERE_6.into_iter().map(six).any(|network| network.holds(address))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reached(networks: &str, address: &str) -> bool {
        Networks::read(networks).unwrap().may_reach(address.parse().unwrap())
    }

    #[test]
    fn hosts_out_there_are_reached() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.32.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450::5",
        ] {
            assert!(reached("", address), "{address}");
        }
    }

    #[test]
    fn nothing_else_is() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "4000::1",
        ] {
            assert!(!reached("", address), "{address}");
        }
    }

    #[test]
    fn a_network_that_is_allowed_is_reached_and_its_neighbour_is_not() {
        assert!(reached("10.20.0.0/16", "10.20.255.255") && !reached("10.20.0.0/16", "10.21.0.0"));
        assert!(reached("127.0.0.1", "127.0.0.1") && !reached("127.0.0.1", "127.0.0.2"));
        assert!(reached("127.0.0.1", "::ffff:127.0.0.1"));
        assert!(reached("fd00:1::/32, 10.0.0.0/8", "fd00:1:ffff::1") && !reached("fd00:1::/32", "fd00:2::1"));
        assert!(reached("0.0.0.0/0", "127.0.0.1") && !reached("0.0.0.0/0", "::1") && reached("::/0", "::1"));
        for wrong in ["10.1.2.3/8", "10.0.0.0/33", "10.0.0", "::1/129", "fd00::/x", "localhost"] {
            assert_eq!(Networks::read(&format!("10.0.0.0/8,{wrong}")), Err(wrong.to_owned()));
        }
    }
}
