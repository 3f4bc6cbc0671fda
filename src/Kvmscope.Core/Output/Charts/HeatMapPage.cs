using System.Text.Json;
using Kvmscope.Core.Output.Json;
using Kvmscope.Core.Output.Text;
using Kvmscope.Core.Analysis.Timelines;

namespace Kvmscope.Core.Output.Charts;

/// <summary>A heat map as a page: the picture, its numbers, and a script that shows those under the pointer.</summary>
internal static class HeatMapPage
{
    private const string Style = """
        :root{color-scheme:light dark}
        body{margin:0;background:#fff}
        svg{display:block;max-width:100%;height:auto;margin:0 auto}
        #tip{position:fixed;pointer-events:none;white-space:pre;padding:6px 10px;border-radius:6px;background:#1f2328;color:#fff;
        font:12px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
        @media(prefers-color-scheme:dark){body{background:#0d1117}#tip{background:#e6edf3;color:#0d1117}}
        """;

    // A column with exits: count, timed exits, p50, p99, max, lowest cell with exits, and from there the counts of cells.
    private const string Script = """
        (() => {
          const data = JSON.parse(document.getElementById('data').textContent);
          const svg = document.querySelector('svg'), tip = document.getElementById('tip');
          const time = ns => {
            const units = ['ns', 'µs', 'ms', 's'];
            let unit = 0;
            for (; ns >= 999.5 && unit < 3; unit++) ns /= 1000;
            return (unit === 0 || ns >= 99.95 ? Math.round(ns) : ns.toPrecision(3)) + ' ' + units[unit];
          };
          const textAt = (x, y) => {
            const column = Math.floor((x - data.left) / data.width), panel = data.panels.find(p => y >= p.top && y < p.top + data.height);
            if (!panel || column < 0 || column >= data.starts.length) return '';
            const cells = panel.columns[column];
            if (!cells) return data.starts[column] + '\nno exits';
            const [count, timed, p50, p99, max, lowest, ...counts] = cells;
            let text = data.starts[column] + '\n' + count + (count === 1 ? ' exit' : ' exits');
            if (!timed) return text + ', none timed';
            text += '\np50 ' + time(p50) + '  p99 ' + time(p99) + '  max ' + time(max);
            const cell = Math.floor((panel.top + data.height - y) / data.height * (data.edges.length - 1));
            const next = data.edges[cell + 1], end = cell + 2 < data.edges.length || next < 1e16 ? ' to ' + time(next) : ' and more';
            return text + '\n' + time(data.edges[cell]) + end + ': ' + (counts[cell - lowest] || 0);
          };
          const show = event => {
            const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
            const text = textAt(at.x, at.y);
            tip.hidden = !text;
            if (!text) return;
            tip.textContent = text;
            const left = event.clientX + 16 + tip.offsetWidth > innerWidth ? event.clientX - 16 - tip.offsetWidth : event.clientX + 16;
            const top = event.clientY + 16 + tip.offsetHeight > innerHeight ? event.clientY - 16 - tip.offsetHeight : event.clientY + 16;
            tip.style.left = Math.max(0, left) + 'px';
            tip.style.top = Math.max(0, top) + 'px';
          };
          svg.addEventListener('pointermove', show);
          svg.addEventListener('pointerdown', show);
          svg.addEventListener('pointerleave', () => { tip.hidden = true; });
        })();
        """;

    internal static void Write(TextWriter output, HeatMapLayout layout)
    {
        output.Write("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        output.Write("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n");
        output.Write($"<title>{ForeignText.Escape(layout.Timeline.Title)}</title>\n<style>\n{Style}\n</style>\n</head>\n<body>\n");
        HeatMap.WriteSvg(output, layout);
        if (layout.Scale is { } scale)
        {
            output.Write("<div id=\"tip\" hidden></div>\n<script type=\"application/json\" id=\"data\">\n");
            WriteData(output, layout, scale);
            output.Write($"</script>\n<script>\n{Script}\n</script>\n");
        }
        output.Write("</body>\n</html>\n");
    }

    private static void WriteData(TextWriter output, HeatMapLayout layout, DurationScale scale)
    {
        Timeline timeline = layout.Timeline;
        var lines = new JsonLines(output, inHtml: true);
        Utf8JsonWriter json = lines.Json;
        json.WriteStartObject();
        json.WriteNumber("left", HeatMapLayout.Left);
        json.WriteNumber("width", layout.CellWidth);
        json.WriteNumber("height", layout.PanelHeight);
        json.WriteStartArray("starts");
        foreach (TimelineColumn column in timeline.Columns)
            json.WriteStringValue(WallTime.Of(column.Started));
        json.WriteEndArray();
        json.WriteStartArray("edges");
        for (int cell = 0; cell <= scale.Cells; cell++) json.WriteNumberValue(scale.LowNs(cell));
        json.WriteEndArray();
        json.WriteStartArray("panels");
        for (int row = 0; row < timeline.Rows.Count; row++)
        {
            json.WriteStartObject();
            json.WriteNumber("top", layout.PanelTop(row));
            json.WriteStartArray("columns");
            for (int column = 0; column < timeline.Columns.Count; column++)
                WriteColumn(json, timeline.Rows[row].Cells[column], layout.Cells[row], column, scale.Cells);
            json.WriteEndArray();
            json.WriteEndObject();
            lines.Drain();
        }
        json.WriteEndArray();
        lines.End();
    }

    private static void WriteColumn(Utf8JsonWriter json, TimelineCell cell, HeatMapCells? cells, int column, int rows)
    {
        if (cell.Count == 0)
        {
            json.WriteNumberValue(0);
            return;
        }
        int lowest = 0, highest = rows - 1;
        while (cells is not null && lowest < highest && cells[column, lowest] == 0) lowest++;
        while (cells is not null && highest > lowest && cells[column, highest] == 0) highest--;
        json.WriteStartArray();
        ReadOnlySpan<ulong> figures = [cell.Count, cell.Timed, cell.P50Ns ?? 0, cell.P99Ns ?? 0, cell.MaxNs ?? 0, (ulong)lowest];
        foreach (ulong number in figures) json.WriteNumberValue(number);
        for (int i = lowest; cells is not null && cell.Timed > 0 && i <= highest; i++) json.WriteNumberValue(cells[column, i]);
        json.WriteEndArray();
    }
}
