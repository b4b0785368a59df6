// Serves write: the page of the gallery, every picture beside the block that made it.
import Diagnostics
import Plotting

/// What the page says about a picture.
struct DrawnPicture {
  var width: Int
  var height: Int
  var caption: String
  var alternativeText: String
  var remarks: [String]
  /// Of the pixels, light and dark.
  var digests: [String]
}

/// The whole page.
func galleryPage(_ source: GallerySource, _ drawn: [String: DrawnPicture]) -> String {
  var body = ""
  var contents = ""
  for part in source.parts {
    switch part {
    case .heading(let text, 1):
      let id = slug(text)
      contents += "<li><a href=\"#\(id)\">\(escaped(text))</a></li>\n"
      body += "<h2 id=\"\(id)\">\(escaped(text))</h2>\n"
    case .heading(let text, _): body += "<h3>\(inline(text))</h3>\n"
    case .paragraph(let text): body += "<p>\(inline(text))</p>\n"
    case .comparison(let id, let path):
      if let picture = drawn[id] { body += comparisonHTML(id, path, picture) }
    case .figure(let figure):
      if let picture = drawn[figure.id] { body += figureHTML(figure, picture) }
    }
  }
  let count = source.figures.count
  return """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self'; style-src 'unsafe-inline'">
    <meta name="color-scheme" content="light dark">
    <title>Figures of Offprint</title>
    <style>\(style)</style>
    </head>
    <body>
    <header>
    <h1>Figures</h1>
    <p>\(count) pictures, each beside the block that makes it: every mark, scale and edge case. They follow the page into the \
    dark; a test pins the pixels of both themes. <code>make gallery</code> draws them again.</p>
    <nav aria-label="Contents"><ul>
    \(contents)</ul></nav>
    </header>
    <main>
    \(body)</main>
    </body>
    </html>

    """
}

private func figureHTML(_ figure: GalleryFigure, _ picture: DrawnPicture) -> String {
  let remarks = picture.remarks.map { "<p class=\"remark\">Remark to the author: \(escaped($0)).</p>" }
    .joined()
  return """
    <section class="example" id="\(figure.id)">
    <figure>
    <picture>
    <source srcset="\(figure.id)-dark.png" media="(prefers-color-scheme: dark)">
    <img src="\(figure.id).png" width="\(picture.width)" height="\(picture.height)" loading="lazy" alt="\(escaped(picture.alternativeText))">
    </picture>
    <figcaption>\(inline(picture.caption)) <a href="\(figure.id).png">light</a> <a href="\(figure.id)-dark.png">dark</a></figcaption>
    </figure>
    <div>
    <pre tabindex="0"><code>```{figure #\(figure.id)}
    \(escaped(figure.source))
    ```</code></pre>
    <details><summary>Alternative text</summary><p>\(escaped(picture.alternativeText))</p></details>
    \(remarks)</div>
    </section>

    """
}

/// Ours and another program's picture of the same data.
private func comparisonHTML(_ id: String, _ path: String, _ picture: DrawnPicture) -> String {
  """
  <div class="pair">
  <img src="\(id).png" width="\(picture.width)" height="\(picture.height)" loading="lazy" alt="By Offprint. \(escaped(picture.alternativeText))">
  <img src="\(escaped(path))" width="\(picture.width)" loading="lazy" alt="The same data drawn by matplotlib.">
  </div>

  """
}

private func slug(_ text: String) -> String {
  text.lowercased().map { $0.isLetter || $0.isNumber ? String($0) : "-" }.joined()
}

private func escaped(_ text: String) -> String {
  text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    .replacing("\"", with: "&quot;")
}

/// Text with `code`.
private func inline(_ text: String) -> String {
  let parts = escaped(text).split(separator: "`", omittingEmptySubsequences: false)
  return parts.enumerated().map { $0 % 2 == 1 ? "<code>\($1)</code>" : String($1) }.joined()
}

private let style = """
  :root{color-scheme:light dark;--ink:#1d2127;--muted:#545b66;--page:#fff;--panel:#f5f6f8;--line:#dde0e5;--link:#0f62bf}
  @media (prefers-color-scheme:dark){:root{--ink:#e9ebee;--muted:#a9b0ba;--page:#14161a;--panel:#1c1f25;--line:#30353d;--link:#8ab8f5}}
  body{margin:0 auto;max-width:1500px;padding:1.5rem;background:var(--page);color:var(--ink);font:16px/1.5 "Open Sans",system-ui,sans-serif}
  h1{font-size:2rem;margin:0 0 .5rem}h2{font-size:1.5rem;margin:3rem 0 .5rem;border-top:1px solid var(--line);padding-top:1.5rem}
  h3{font-size:1.1rem;margin:2rem 0 .25rem}p{max-width:44rem}a{color:var(--link)}
  nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;padding:0}
  .example{display:grid;grid-template-columns:minmax(0,7fr) minmax(0,5fr);gap:1.5rem;margin:1.5rem 0 2.5rem;align-items:start}
  .pair{display:grid;grid-template-columns:1fr 1fr;gap:1.5rem;align-items:start;margin:2rem 0 .5rem}
  figure{margin:0}img{max-width:100%;height:auto;display:block}
  figcaption{color:var(--muted);font-size:.9rem;margin-top:.4rem;max-width:44rem}
  pre{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:.8rem;margin:0;overflow:auto;white-space:pre-wrap;font-size:.8rem;line-height:1.45}
  details{font-size:.9rem;color:var(--muted);margin-top:.5rem}.remark{font-size:.9rem;color:var(--muted)}
  @media (max-width:900px){.pair{grid-template-columns:minmax(0,1fr)}.example{grid-template-columns:minmax(0,1fr)}}
  """
