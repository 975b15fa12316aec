import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Time } from '../ui/time.tsx';
import styles from './page.module.css';

type EntryProps = {
  icon: LucideIcon;
  title: string;
  at: string;
  author?: string | undefined;
  text?: string | undefined;
  children?: ReactNode;
};

/** Something that happened: what, who, when, and its words. */
export function Entry({ icon: Icon, title, at, author, text, children }: EntryProps) {
  const { t } = useTranslation();
  return (
    <li className={styles.item}>
      <Icon size={16} strokeWidth={1.5} aria-hidden />
      <div>
        <div className={styles.itemHead}>
          <strong>{title}</strong>
          {author !== undefined && <bdi>{t('customer.by', { name: author })}</bdi>}
          {children}
          <Time at={at} />
        </div>
        {text !== undefined && (
          <p className={styles.text} dir="auto">
            {text}
          </p>
        )}
      </div>
    </li>
  );
}
