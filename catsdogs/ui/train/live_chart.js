// Draws one Plotly figure, and later changes it in place.
//
// Streamlit sends this file with every update (keep it small) and calls the default export when
// new data arrives and when the user switches the theme. It keeps only the newest of the returned
// clean-up functions, so everything to clean up belongs to the chart's node, not to a call.

// Constant, because Plotly redraws the whole chart when it changes. The last two lines remove the
// button that uploads the chart to Plotly Cloud: nothing leaves this machine.
const CONFIG = {
  displayModeBar: "hover",
  displaylogo: false,
  plotlyServerURL: "",
  showSendToCloud: false,
};

export default function ({ data, parentElement }) {
  // Parsed again in every call, because Plotly writes the user's zoom into the layout: drawing the
  // same object again would make that zoom the figure's own range.
  const { figure, key, alt, height, script } = JSON.parse(new TextDecoder().decode(data));
  const node = parentElement.querySelector(".live-chart") ?? addNode(parentElement);
  node.style.height = `${height}px`;
  node.setAttribute("aria-label", alt);
  node.newest = figure;
  loadPlotly(script)
    .then(async (Plotly) => {
      // During a pan, a redraw would make every further pixel of the mouse count twice.
      while (node._dragging) await new Promise((resume) => setTimeout(resume, 50));
      // Several updates may have arrived meanwhile; only the newest is drawn.
      if (node.newest === figure && node.isConnected) return draw(Plotly, node, figure, key);
    })
    .catch((error) => showProblem(node, error));
  return () => {
    // Streamlit also runs the clean-up of a superseded call, when the chart is still in use.
    if (!parentElement.isConnected) removeNode(node);
  };
}

function addNode(parentElement) {
  const node = document.createElement("div");
  node.className = "live-chart";
  node.setAttribute("role", "figure"); // Not "img", which may hold no buttons.
  node.style.color = "var(--st-text-color)";
  node.resizeObserver = new ResizeObserver(() => {
    // In a closed tab or expander the node has no width, and Plotly refuses to resize it.
    if (node.layout && node.offsetWidth) window.Plotly.Plots.resize(node);
  });
  node.resizeObserver.observe(node);
  return parentElement.appendChild(node);
}

function removeNode(node) {
  node.resizeObserver.disconnect();
  window.Plotly?.purge(node);
  node.remove();
}

// One download per browser page, whatever the number of charts. A failed one is tried again at
// the next update.
function loadPlotly(address) {
  window.catsdogsPlotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      script.remove();
      window.catsdogsPlotly = undefined;
      reject(new Error("plotly.min.js could not be loaded. Is the app still running?"));
    };
    document.head.appendChild(script);
  });
  return window.catsdogsPlotly;
}

function draw(Plotly, node, { data, layout }, key) {
  if (!node.layout) node.replaceChildren(); // The message of an earlier failure.
  // The same uirevision every time tells Plotly to keep what the user changed.
  const themed = { ...layout, template: themeTemplate(node), uirevision: key, autosize: true };
  return Plotly.react(node, data, themed, CONFIG).then(() => {
    // The tool bar appears under the mouse only, so the keyboard skips it.
    for (const button of node.querySelectorAll(".modebar-btn")) button.tabIndex = -1;
  });
}

function showProblem(node, error) {
  if (node.layout) window.Plotly.purge(node);
  node.textContent = `This chart cannot be drawn: ${error.message}`;
}

// A template holds defaults: whatever the figure sets itself wins.
function themeTemplate(node) {
  const style = getComputedStyle(node); // Its colour is resolved: always rgb(…), as Plotly needs.
  const variable = (name) => style.getPropertyValue(`--st-${name}`).trim();
  const [red, green, blue] = style.color.match(/[\d.]+/g);
  const text = (alpha) => `rgba(${red}, ${green}, ${blue}, ${alpha})`;
  const axis = {
    automargin: true,
    gridcolor: text(0.15),
    linecolor: text(0.3),
    spikecolor: text(0.6),
    spikethickness: 1,
    zerolinecolor: text(0.3),
  };
  return {
    layout: {
      colorway: variable("chart-categorical-colors").split(","),
      font: { color: text(1), family: variable("font") },
      hoverlabel: {
        bgcolor: variable("secondary-background-color"),
        bordercolor: text(0.3),
        font: { color: text(1), family: variable("font") },
      },
      margin: { l: 8, r: 8, t: 32, b: 8 },
      modebar: { bgcolor: text(0), color: text(0.5), activecolor: text(1) },
      // The page's colour rather than none: a downloaded PNG stays readable in the dark theme, and
      // Plotly outlines hover lines in it.
      paper_bgcolor: variable("background-color"),
      plot_bgcolor: text(0),
      shapedefaults: { line: { color: text(0.6) } },
      xaxis: axis,
      yaxis: axis,
    },
  };
}
