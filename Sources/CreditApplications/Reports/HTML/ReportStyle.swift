// Owns how a report looks on paper and screen.
// Invariants: one page style, no file beside the page, no script; fonts are those a machine in China has, with open ones behind them.

enum ReportStyle {
  static let sheet = """
    @page{size:A4;margin:18mm 16mm 20mm;@bottom-center{content:"第 " counter(page) " 页 共 " counter(pages) " 页";font-size:9pt;color:#555}}
    *{box-sizing:border-box}
    html{-webkit-print-color-adjust:exact;print-color-adjust:exact}
    body{margin:0 auto;max-width:178mm;padding:10mm 0;color:#1a1a1a;background:#fff;
    font:10.5pt/1.65 "Noto Serif CJK SC","Source Han Serif SC","Songti SC",SimSun,serif;line-break:strict;text-spacing-trim:trim-start}
    h1{margin:0 0 2mm;text-align:center;font:600 20pt/1.4 "Noto Sans CJK SC","Source Han Sans SC","PingFang SC",SimHei,sans-serif;letter-spacing:.06em}
    h2{margin:7mm 0 2mm;padding:1mm 0 1mm 2.5mm;border-left:1.2mm solid #1f5fa8;background:#eef3f9;
    font:600 12.5pt/1.5 "Noto Sans CJK SC","Source Han Sans SC","PingFang SC",SimHei,sans-serif;break-after:avoid}
    h2 small{float:right;margin-right:2.5mm;color:#555;font-weight:400;font-size:9.5pt}
    h3{margin:3.5mm 0 1mm;font:600 10.5pt/1.5 "Noto Sans CJK SC","Source Han Sans SC","PingFang SC",SimHei,sans-serif;break-after:avoid}
    .head{display:flex;justify-content:space-between;gap:6mm;margin:0 0 4mm;color:#444;font-size:9.5pt}
    table{width:100%;border-collapse:collapse;margin:0 0 2mm;font-size:9.5pt;line-height:1.5}
    th,td{border:.2mm solid #b9c3d0;padding:.9mm 1.8mm;text-align:left;vertical-align:top;overflow-wrap:anywhere}
    th{width:38mm;background:#f6f8fb;color:#333;font-weight:400}
    .record{break-inside:avoid}.record.long{break-inside:auto}
    .counts{display:grid;grid-template-columns:repeat(5,1fr);gap:2mm;margin:2mm 0}
    .counts div{border:.2mm solid #b9c3d0;padding:1.2mm;text-align:center;font-size:9pt;color:#444}
    .counts b{display:block;font:600 14pt/1.3 "Noto Sans CJK SC",sans-serif;color:#1f5fa8;font-variant-numeric:tabular-nums}
    .label{display:inline-block;margin-right:2mm;padding:0 2mm;border:.2mm solid #1f5fa8;border-radius:1mm;color:#1f5fa8;font-size:9pt}
    .mark{color:#a33;font-size:9pt;font-weight:400;margin-left:2mm}
    .none,.scope{color:#555;font-size:9.5pt;margin:1mm 0}
    .foot{margin-top:8mm;padding-top:2mm;border-top:.2mm solid #b9c3d0;color:#555;font-size:8.5pt;line-height:1.5;overflow-wrap:anywhere}
    svg{display:block;width:100%;height:auto;margin:2mm 0}
    """
}
