// A month of a small city's credit centre (信用中心的一个月), from the register of units to the scorecards: what its staff do, and what they look at.
// Everything goes through the library as a service would call it; the rows are made up (Examples/CityGeneration).
// Usage: CityPlatform [FOLDER]   (default: a folder of its own below the system's temporary folder, removed at the end)

import Console
import CreditModel
import CreditStore
import Foundation

let given = CommandLine.arguments.dropFirst().first
let folder = given ?? FileManager.default.temporaryDirectory.appending(path: "city-" + UUID().uuidString).path
do {
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  let city = try CityMonth(folder: folder)
  try city.registerUnits()
  try city.reviewCatalogue()
  try city.defineTasks()
  try await city.collect()
  try await city.workOnRejects()
  try await city.linkSubjects()
  try city.mergeUnits()
  try await city.exchange()
  try city.assess()
  try city.close()
  if given == nil {
    try FileManager.default.removeItem(atPath: folder)
  } else {
    Terminal.line("\n库在 \(folder)/city，可用 credit 命令继续查看，例如：credit stats \(folder)/city")
  }
} catch {
  Terminal.error("CityPlatform: \(error)")
  exit(1)
}
