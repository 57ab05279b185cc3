/** What the troubleshooting page quotes is what the program writes: who searches the page for a message finds it. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { settingKeys, variableOf, variablePrefix } from '../../../src/config/settings.ts';
import { events } from '../../../src/events/events.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const page = readFileSync(`${root}docs/troubleshooting.md`, 'utf8');
const varying = '…';

/** A string as it is written, with what varies in it as `…`; undefined for anything else. */
function written(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node))
    return node.head.text + node.templateSpans.map(({ literal }) => varying + literal.text).join('');
  if (ts.isParenthesizedExpression(node)) return written(node.expression);
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    const [left, right] = [written(node.left), written(node.right)];
    return left === undefined && right === undefined ? undefined : (left ?? varying) + (right ?? varying);
  }
  return undefined;
}

function stringsOf(file: string): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const text = written(node);
    if (text !== undefined) found.push(text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(root + file, 'utf8'), ts.ScriptTarget.Latest));
  return found;
}

const sources = globSync('src/**/*.ts', { cwd: root, exclude: (path) => path.includes('generated') });
const strings = sources.flatMap(stringsOf);

/** One string of the program has all parts of the quotation, in their order. */
function isWritten(quoted: string): boolean {
  const parts = quoted.split(varying).map((part) => part.trim());
  return strings.some((text) => {
    let from = 0;
    return parts.every((part) => {
      const at = text.indexOf(part, from);
      from = at + part.length;
      return at >= 0;
    });
  });
}

/** Quotes that are not our messages: commands, files, and other programs' output. */
const others =
  /^(?:docker-image-cleaner |--config |plan --json|status --json|CAP_|docker |kubectl|journalctl |systemctl |lsof |du |df\b|openssl |truncate |dmesg$|helm |LABEL |:\d+$|-v |\/|\{\{|ca\.pem|cert\.pem|key\.pem|daemon\.json|log-opts|max-size|overlayfs$|Host: |rbac\.|maxCordonedNodes$|(?:GET|DELETE|POST) )/;
const variables = new Set(settingKeys.map((key) => variableOf(key).slice(variablePrefix.length)));

type Kind = 'event' | 'setting' | 'flag' | 'other' | 'message';
function kindOf(span: string): Kind {
  if (others.test(span)) return 'other';
  if (/^[a-z]+\.[a-z-]+$/.test(span)) return 'event';
  if (
    /^(?:DOCKER_(?:HOST|TLS_VERIFY|CERT_PATH)|[A-Z]+(?:_[A-Z]+)+|KEEP|CLEAN|POLICY|WINDOW)(?:=\S*|="[^"]*")?$/.test(
      span,
    )
  )
    return 'setting';
  if (/^--[a-z-]+$/.test(span)) return 'flag';
  return 'message';
}

const spans = [...page.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(
  ([, span = '']) => span,
);
const of = (kind: Kind): readonly string[] => [...new Set(spans.filter((span) => kindOf(span) === kind))];

describe('the troubleshooting page', () => {
  it('is read as it should be', () => {
    expect(strings.length).toBeGreaterThan(2000);
    expect(of('message').length).toBeGreaterThan(30);
    expect(of('event').length).toBeGreaterThan(20);
    expect(of('setting').length).toBeGreaterThan(15);
    expect(isWritten('no such … message as this one')).toBe(false);
  });

  it.each(of('message'))('quotes a message that the program writes: %s', (message) => {
    // A complaint about a setting begins with its name and value.
    const said = message.replace(/^[A-Z_]+=(?:value|…): /, '').replaceAll(/\bNAME\b/g, varying);
    expect(isWritten(said)).toBe(true);
  });

  it.each(of('event'))('names an event that there is: %s', (name) => {
    expect(Object.keys(events)).toContain(name);
  });

  it.each(of('setting'))('names a setting that there is: %s', (setting) => {
    const name = setting.replace(/=.*$/, '');
    expect(name.startsWith('DOCKER_') || variables.has(name)).toBe(true);
  });
});
