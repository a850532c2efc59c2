extension Int64 {
    /// The nearest whole number to what somebody else says; nil where there is none, or it is beyond all that is meant.
    package init?(nearest number: Double, upTo limit: Int64 = 1 << 52) {
        guard number.isFinite, abs(number) <= Double(limit) else { return nil }
        self = Int64(number.rounded())
    }
}
