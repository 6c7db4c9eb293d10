"""From drawn samples to answers: letters, reminders, text messages, and watching what comes in."""
