import './styles/base.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { applyTheme } from './frame/theme.ts';
import { startMessages } from './messages/index.ts';
import { randomUuid } from './api/random-uuid.ts';

// Without encryption browsers do not offer it, and the keys of what is created need it.
if (!isSecureContext) crypto.randomUUID = randomUuid;
applyTheme();
await startMessages();
const root = document.getElementById('root');
if (!root) throw new Error('the page has no root');
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
