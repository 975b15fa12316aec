/** Texts that would run, leave their place or disappear in a page that handles them wrongly, by their kind. Each is shown as it was typed. */
const kinds = {
  script: [
    '<script>window.canary=1</script>',
    '"><script>window.canary=1</script>',
    '<iframe srcdoc="<script>parent.canary=1</script>">',
    '<object data="data:text/html,<script>opener.canary=1</script>">',
  ],
  handler: [
    '<img src=x onerror=window.canary=1>',
    "'><img src=x onerror=window.canary=1>",
    '<details open ontoggle=window.canary=1>',
    '<input autofocus onfocus=window.canary=1>',
  ],
  svg: [
    '<svg onload=window.canary=1>',
    '"><svg/onload=window.canary=1>',
    '<svg><animate onbegin=window.canary=1 attributeName=x>',
  ],
  mutation: [
    '<math><mtext><table><mglyph><style><img src=x onerror=window.canary=1>',
    '<noscript><p title="</noscript><img src=x onerror=window.canary=1>">',
    '<svg><style><img src=x onerror=window.canary=1></style></svg>',
  ],
  style: [
    '<style>*{display:none}</style>',
    '<link rel=stylesheet href=//evil.example/x.css>',
    '<b style="position:fixed;inset:0;background:url(//evil.example/x)">',
  ],
  page: [
    '<meta http-equiv=refresh content="0;url=//evil.example">',
    '<base href=//evil.example/>',
    '<form action=//evil.example><input name=x>',
  ],
  address: [
    'javascript:window.canary=1',
    '<a href="javascript:window.canary=1">x</a>',
    '//evil.example/x',
    '\\\\evil.example\\x',
  ],
  template: [
    '{{constructor.constructor("window.canary=1")()}}',
    '{{name}}',
    '$t(common.save)',
    '${window.canary=1}',
    '<%= 7*7 %>',
  ],
  encoded: ['&lt;script&gt;window.canary=1&lt;/script&gt;', '%3Cscript%3Ewindow.canary=1%3C/script%3E'],
  formula: ['=HYPERLINK("http://evil.example","x")', '+1+cmd|/C calc'],
  property: ['__proto__', 'constructor', 'toString'],
  direction: ['ab\u202Egnp.exe', 'paypal\u2066.evil\u2069'],
  widthless: ['pay\u200Bpal', 'ad\u200Dmin\u2060istrator'],
} as const satisfies Record<string, readonly string[]>;

export const canaries: readonly string[] = Object.values(kinds).flat();

/** One of each kind, for a quick run. */
export const canaryOfEachKind: readonly string[] = Object.values(kinds).map(([first]) => first);
