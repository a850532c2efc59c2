/// CRC-32C (Castagnoli, RFC 3720 §B.4).
package struct CRC32C: Sendable {
    private var register: UInt32 = 0xFFFF_FFFF

    package init() {}

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var register = register
        var position = 0
        // Eight bytes in one step, by eight tables (Kounavis and Berry's "slicing by 8").
        while bytes.count - position >= 8 {
            let next = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
            let word = UInt64(littleEndian: next) ^ UInt64(register)
            register = 0
            for index in 0..<8 {
                register ^= Self.tables[(7 - index) << 8 | Int(word >> UInt64(8 * index) & 0xFF)]
            }
            position += 8
        }
        for byte in bytes[position...] { register = register >> 8 ^ Self.tables[Int((register ^ UInt32(byte)) & 0xFF)] }
        self.register = register
    }

    /// Four bytes, big-endian.
    package var value: [UInt8] {
        let value = ~register
        return (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32(24 - 8 * $0)) }
    }

    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 << 8)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0x82F6_3B78 : value >> 1 }
            tables[byte] = value
        }
        for index in 256..<tables.count {
            let before = tables[index - 256]
            tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
        }
        return tables
    }()
}
