import { Copy, Download } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import styles from './bar.module.css';
import { Button } from './button.tsx';
import { toast } from './toast.tsx';

type SecretProps = {
  /** What it is, for screen readers. */
  label: string;
  lines: readonly string[];
  /** The name of the file, where it can be downloaded. */
  filename?: string;
};

/** What is shown this one time: to be copied, or kept as a file. */
export function Secret({ label, lines, filename }: SecretProps) {
  const { t } = useTranslation();
  const text = lines.join('\n');
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    toast(t('common.copied'));
  };
  const download = () => {
    const url = URL.createObjectURL(new Blob([`${text}\n`], { type: 'text/plain' }));
    Object.assign(document.createElement('a'), { href: url, download: filename }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };
  return (
    <>
      <ul className={styles.code} aria-label={label}>
        {lines.map((line) => (
          <li key={line}>
            <code>{line}</code>
          </li>
        ))}
      </ul>
      <div className={styles.buttons}>
        <Button onPress={() => void copy()}>
          <Copy size={16} strokeWidth={1.5} aria-hidden />
          {t('lists.copy')}
        </Button>
        {filename !== undefined && (
          <Button onPress={download}>
            <Download size={16} strokeWidth={1.5} aria-hidden />
            {t('lists.download')}
          </Button>
        )}
      </div>
    </>
  );
}
