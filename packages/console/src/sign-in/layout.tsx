import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { changeLanguage, currentLanguage, languages, type Language } from '../messages/index.ts';
import icon from '../styles/icon.svg';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { useTitle } from '../ui/use-title.ts';
import { visible } from '../ui/visible.tsx';
import styles from './layout.module.css';

const isEncrypted = window.isSecureContext;

/** The page around what people do before they are signed in. */
export function SignInLayout({
  title,
  heading = title,
  children,
}: {
  title: string;
  heading?: string;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  useTitle(title);
  return (
    <main className={styles.layout}>
      <div className={styles.card}>
        <img className={styles.mark} src={icon} alt="" width={32} height={32} />
        <h1>{visible(heading)}</h1>
        {!isEncrypted && <Notice kind="warning">{t('signIn.notEncrypted')}</Notice>}
        {children}
      </div>
      <div className={styles.languages} role="group" aria-label={t('signIn.language')}>
        {Object.entries(languages).map(([code, name]) => (
          <Button
            key={code}
            look={['quiet', 'small']}
            aria-pressed={code === currentLanguage()}
            onPress={() => void changeLanguage(code as Language)}
          >
            <span lang={code}>{name}</span>
          </Button>
        ))}
      </div>
    </main>
  );
}
