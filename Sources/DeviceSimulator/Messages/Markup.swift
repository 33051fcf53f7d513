/// Character data and attribute values of the messages a device writes.
enum Markup {
    static func escape(_ text: String) -> String {
        guard text.utf8.contains(where: { [38, 60, 62, 34, 13].contains($0) }) else { return text }
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\r": result += "&#13;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
