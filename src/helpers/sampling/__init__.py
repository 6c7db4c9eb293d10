"""Population → sampling plan, allocation and draw, frozen once letters may go out."""
