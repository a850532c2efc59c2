/// The settings of what `mediad work` does behind requests.
extension Setting {
    var jobDefinition: Definition {
        switch self {
        case .importThreads:
            Definition(
                form: .integer(0...256), defaultText: "4",
                summary: "Files that one `mediad work` fetches from URLs at the same time; 0: none.")
        case .importTime:
            Definition(
                form: .seconds(1...86400), defaultText: "1h",
                summary: "How long fetching a file may take; then it is gone on with in another attempt.")
        case .importStall:
            Definition(
                form: .seconds(1...3600), defaultText: "30s",
                summary: "How long a file's server may send nothing, or less than 100 bytes a second.")
        case .importNetworks:
            Definition(
                form: .networks, defaultText: "",
                summary: "Networks that files may be fetched from although they are not on the public Internet.")
        case .jobsPerUser:
            Definition(
                form: .integer(1...10000), defaultText: "2",
                summary: "How many jobs of a kind run for one user at the same time.")
        case .jobAttempts:
            Definition(
                form: .integer(1...100), defaultText: "5", summary: "How often a job is begun before it has failed.")
        case .jobPause:
            Definition(
                form: .seconds(1...3600), defaultText: "10s",
                summary: "The pause before a job's second attempt; before each further one it is four times as long.")
        case .jobTime:
            Definition(
                form: .seconds(1...31_536_000), defaultText: "7d",
                summary: "How long a job that has ended can be looked up.")
        default: processingDefinition
        }
    }
}
